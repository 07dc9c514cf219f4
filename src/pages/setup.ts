/** The one-time page on which the first administrator is created: posts `username`, `password` and `password_again`; the button is `#create`. */
import { alert, csrfField, field, titled, usernameField } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Setup = { action: string; csrf: string; message?: string | undefined; username?: string | undefined }

export const setupPage = ({ action, csrf, message, username }: Setup): Page => {
  const refused = message !== undefined
  return toPage({
    title: titled('Create the first administrator', message),
    body: html`<h1>Create the first administrator</h1>
<p class="quiet">This account administers the whole server. The link to this page works once.</p>
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${usernameField({ value: username, autofocus: !username, refused })}
${field({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'new-password',
  hint: 'A long one: a few words, or what your password manager makes.',
  autofocus: Boolean(username),
  refused,
})}
${field({ name: 'password_again', label: 'Password, once more', type: 'password', autocomplete: 'new-password', refused })}
<button type="submit" id="create">Create administrator</button>
</form>`,
  })
}
