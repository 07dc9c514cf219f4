/**
 * OpenID Connect Core §3.1.2.4 – a person decides what a client gets: posts `decision`, `allow` or `deny`.
 * Both buttons look alike, so that the page does not take the decision.
 */
import type { DetailLine, DetailWords } from '../oauth/authorization_details_words.ts'
import { displayClientName, visibleText } from './display_text.ts'
import { csrfField } from './form.ts'
import { checkedUrl, type Html, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Scope = { name: string; words: string }

type Consent = {
  clientName: string
  redirectHost: string
  username: string
  scopes: Scope[]
  details: DetailWords[]
  /** RFC 8707 – where the application can go with it. */
  resources: { identifier: string; name?: string }[]
  action: string
  csrf: string
  unverified: boolean
}

const UNVERIFIED = html`<div class="notice small"><span class="badge" id="unverified">Unverified</span>
<p>Nobody has checked who runs this application, and it chose its name itself. Look at the address it returns to before you allow it.</p></div>`

const scopeItem = ({ name, words }: Scope): Html =>
  html`<li><span><bdi>${visibleText(words) || visibleText(name)}</bdi></span> <code>${visibleText(name)}</code></li>`

const scopeList = (scopes: Scope[]): Html | undefined =>
  scopes.length === 0 ? undefined : html`<ul class="scopes" aria-labelledby="gives">${scopes.map(scopeItem)}</ul>`

const detailLine = ({ label, values }: DetailLine): Html =>
  html`<dt><bdi>${visibleText(label)}</bdi></dt>${values.map((value) => html`<dd><bdi>${visibleText(value)}</bdi></dd>`)}`

/** RFC 9396 §1 – whole: what is not shown is not allowed. */
const detailItem = ({ title, description, lines }: DetailWords): Html =>
  html`<li><h3><bdi>${visibleText(title)}</bdi></h3>
${description === undefined ? undefined : html`<p class="quiet small"><bdi>${visibleText(description)}</bdi></p>`}
${lines.length === 0 ? undefined : html`<dl>${lines.map(detailLine)}</dl>`}</li>`

const detailList = (details: DetailWords[]): Html | undefined =>
  details.length === 0 ? undefined : html`<ul class="details" aria-labelledby="gives">${details.map(detailItem)}</ul>`

const resourceItem = ({ identifier, name }: Consent['resources'][number]): Html =>
  html`<li>${name === undefined ? undefined : html`<span><bdi>${visibleText(name)}</bdi></span> `}<code>${visibleText(identifier)}</code></li>`

const resourceList = (resources: Consent['resources']): Html | undefined =>
  resources.length === 0
    ? undefined
    : html`<h2 id="there">It can use this at</h2>
<ul class="scopes" aria-labelledby="there">${resources.map(resourceItem)}</ul>`

const rights = ({ scopes, details }: Consent): Html =>
  scopes.length + details.length === 0
    ? html`<p>The application asks for no particular rights.</p>`
    : html`<h2 id="gives">This allows the application to</h2>
${detailList(details)}
${scopeList(scopes)}`

export const consentPage = (consent: Consent): Page => {
  const name = displayClientName(consent.clientName)
  return toPage({
    title: `Allow ${name}?`,
    body: html`<h1>Allow <bdi id="client-name">${name}</bdi> to use your account?</h1>
<p class="quiet">You are signed in as <strong><bdi>${visibleText(consent.username)}</bdi></strong>.</p>
${consent.unverified ? UNVERIFIED : undefined}
${rights(consent)}
${resourceList(consent.resources)}
<p class="quiet">You return to <strong><bdi id="redirect-host">${visibleText(consent.redirectHost)}</bdi></strong>, whichever you choose.</p>
<form method="post" action="${checkedUrl(consent.action)}">
${csrfField(consent.csrf)}
<div class="choice">
<button type="submit" name="decision" value="deny" id="consent-deny">Deny</button>
<button type="submit" name="decision" value="allow" id="consent-allow">Allow</button>
</div>
</form>`,
  })
}
