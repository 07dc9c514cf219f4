/** The sign-in form: posts `username` and `password`; its button is `#login`. */
import { displayClientName, displayName } from './display_text.ts'
import { alert, csrfField, field, titled, usernameField } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Login = {
  clientName: string
  action: string
  csrf: string
  username?: string | undefined
  message?: string | undefined
  realmName?: string | undefined
}

export const loginPage = ({ clientName, action, csrf, username, message, realmName }: Login): Page => {
  const refused = message !== undefined
  return toPage({
    title: titled('Sign in', message),
    body: html`<h1>Sign in</h1>
<p class="quiet">to continue to <strong><bdi>${displayClientName(clientName)}</bdi></strong></p>
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${usernameField({ value: username, autofocus: !username, refused })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', autofocus: Boolean(username), refused })}
<button type="submit" id="login">Sign in</button>
</form>`,
    ...(realmName ? { footer: html`Realm <bdi>${displayName(realmName, 'without a name')}</bdi>` } : {}),
  })
}
