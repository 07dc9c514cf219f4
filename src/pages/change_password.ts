/** For a password that has expired: posts `username`, `current_password`, `new_password` and `new_password_again`; the button is `#change`. */
import { visibleText } from './display_text.ts'
import { alert, csrfField, field, titled } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type ChangePassword = { action: string; csrf: string; message?: string | undefined; username: string }

export const changePasswordPage = ({ action, csrf, message, username }: ChangePassword): Page => {
  const refused = message !== undefined
  return toPage({
    title: titled('Choose a new password', message),
    body: html`<h1>Choose a new password</h1>
<p class="quiet">The password of <strong><bdi>${visibleText(username)}</bdi></strong> has expired. You continue as soon as it is changed.</p>
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
<input type="text" name="username" autocomplete="username" value="${username}" readonly hidden>
${field({ name: 'current_password', label: 'Current password', type: 'password', autocomplete: 'current-password', autofocus: true, refused })}
${field({
  name: 'new_password',
  label: 'New password',
  type: 'password',
  autocomplete: 'new-password',
  hint: 'A long one: a few words, or what your password manager makes.',
  refused,
})}
${field({ name: 'new_password_again', label: 'New password, once more', type: 'password', autocomplete: 'new-password', refused })}
<button type="submit" id="change">Change password</button>
</form>`,
  })
}
