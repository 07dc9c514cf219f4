/** RFC 6238 – the form for a one-time code: posts `totp_code`; its button is `#verify`. */
import { visibleText } from './display_text.ts'
import { alert, csrfField, field, titled } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Totp = { action: string; csrf: string; username?: string | undefined; message?: string | undefined }

export const totpPage = ({ action, csrf, username, message }: Totp): Page =>
  toPage({
    title: titled('Enter your code', message),
    body: html`<h1>Enter your code</h1>
${username && html`<p class="quiet">Signing in as <strong><bdi>${visibleText(username)}</bdi></strong></p>`}
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${field({
  name: 'totp_code',
  label: 'One-time code',
  type: 'text',
  autocomplete: 'one-time-code',
  hint: 'The number that your authenticator app shows now.',
  autofocus: true,
  refused: message !== undefined,
  attributes: html` class="code" inputmode="numeric" maxlength="16" autocapitalize="none" spellcheck="false"`,
})}
<button type="submit" id="verify">Verify</button>
</form>`,
  })
