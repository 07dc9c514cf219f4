/** OpenID Connect RP-Initiated Logout 1.0 §2 – the person is asked before a session ends: posts to `action`; the button is `#sign-out`. */
import { displayClientName } from './display_text.ts'
import { csrfField } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type ConfirmSignOut = { action: string; csrf: string; clientName?: string | undefined }

export const confirmSignOutPage = ({ action, csrf, clientName }: ConfirmSignOut): Page =>
  toPage({
    title: 'Sign out?',
    body: html`<h1>Sign out?</h1>
<p class="quiet">${clientName && html`<strong><bdi>${displayClientName(clientName)}</bdi></strong> asks to sign you out. `}To stay signed in, close this window.</p>
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
<button type="submit" id="sign-out">Sign out</button>
</form>`,
  })
