/** RFC 6238 – the form for a one-time code: posts `totp_code`; its button is `#verify`. A recovery code has a form of its own. */
import { visibleText } from './display_text.ts'
import { alert, codeField, csrfField, field, titled } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type Totp = {
  action: string
  csrf: string
  /** Where signing in begins again. */
  startOver?: string
  username?: string | undefined
  message?: string | undefined
}

export const totpPage = ({ action, csrf, startOver, username, message }: Totp): Page =>
  toPage({
    title: titled('Enter your code', message),
    body: html`<h1>Enter your code</h1>
${username && html`<p class="quiet">Signing in as <strong><bdi>${visibleText(username)}</bdi></strong></p>`}
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${codeField({ hint: 'The number that your authenticator app shows now.', autofocus: true, refused: message !== undefined })}
<button type="submit" id="verify">Verify</button>
</form>
<details>
<summary>Use a recovery code</summary>
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${field({
  name: 'recovery_code',
  label: 'Recovery code',
  type: 'text',
  autocomplete: 'one-time-code',
  hint: 'One of those that you kept when you set up the app. Each works once.',
  attributes: html` maxlength="64" autocapitalize="characters" spellcheck="false"`,
})}
<button type="submit" id="use-recovery-code">Use recovery code</button>
</form>
</details>
${startOver && html`<p class="small"><a href="${checkedUrl(startOver)}" id="start-over">Sign in as somebody else</a></p>`}`,
  })
