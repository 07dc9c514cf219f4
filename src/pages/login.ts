/** The sign-in form: posts `username` and `password`; its button is `#login`. */
import { displayClientName, displayName, visibleText } from './display_text.ts'
import { alert, csrfField, field, titled, usernameField } from './form.ts'
import { checkedUrl, type Html, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Login = {
  clientName: string
  action: string
  csrf: string
  username?: string | undefined
  message?: string | undefined
  realmName?: string | undefined
  /** Where a certificate is asked for; the button is `#certificate`. */
  certificateAction?: string | undefined
  /** False where passwords are off. */
  hasPassword?: boolean
  /** Identity providers; their buttons are `#upstream-0` and so on, and post `issuer`. */
  upstreams?: { action: string; providers: { issuer: string; name: string }[] }
}

const certificateForm = (action: string, csrf: string): Html => html`
<form class="other" method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
<button type="submit" class="second" id="certificate">Sign in with a certificate</button>
</form>`

const upstreamForm = ({ action, providers }: NonNullable<Login['upstreams']>, csrf: string): Html => html`
<form class="other" method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${providers.map(({ issuer, name }, index) => html`<button type="submit" class="second" id="upstream-${String(index)}" name="issuer" value="${issuer}">Continue with <bdi>${visibleText(name)}</bdi></button>`)}
</form>`

const passwordForm = ({ action, csrf, username, message }: Login): Html => {
  const refused = message !== undefined
  return html`
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${usernameField({ value: username, autofocus: !username, refused })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', autofocus: Boolean(username), refused })}
<button type="submit" id="login">Sign in</button>
</form>`
}

export const loginPage = (login: Login): Page => {
  const { clientName, csrf, message, realmName, certificateAction, hasPassword = true, upstreams } = login
  const hasUpstreams = upstreams !== undefined && upstreams.providers.length > 0
  const isClosed = !hasPassword && !hasUpstreams && certificateAction === undefined
  return toPage({
    title: titled('Sign in', message),
    body: html`<h1>Sign in</h1>
<p class="quiet">to continue to <strong><bdi>${displayClientName(clientName)}</bdi></strong></p>
${alert(message)}${hasPassword ? passwordForm(login) : undefined}${certificateAction && certificateForm(certificateAction, csrf)}${
  hasUpstreams ? upstreamForm(upstreams, csrf) : undefined
}${isClosed ? html`<p>Nobody can sign in here on a page.</p>` : undefined}`,
    ...(realmName ? { footer: html`Realm <bdi>${displayName(realmName, 'without a name')}</bdi>` } : {}),
  })
}
