/** What the root of the server shows to a person who opens it. */
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Home = { issuer: string; version: string }

export const homePage = ({ issuer, version }: Home): Page =>
  toPage({
    title: 'auth_server',
    body: html`<h1>auth_server</h1>
<p>An OAuth 2.1 and OpenID Connect authorization server runs here. There is nothing to sign in to on this page: open the application that you want to use.</p>
<dl>
<dt>Issuer</dt>
<dd><code id="issuer">${issuer}</code></dd>
<dt>Metadata</dt>
<dd><a href="${checkedUrl(issuer)}/.well-known/openid-configuration">OpenID Connect Discovery</a></dd>
<dt>Version</dt>
<dd><code>${version}</code></dd>
</dl>`,
  })
