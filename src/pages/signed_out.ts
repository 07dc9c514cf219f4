/** OpenID Connect RP-Initiated Logout 1.0 §3 – what a person sees when there is no address to return to. */
import { displayClientName } from './display_text.ts'
import { html } from './html.ts'
import { type Page, toPage } from './layout.ts'

export const signedOutPage = ({ clientName }: { clientName?: string | undefined }): Page =>
  toPage({
    title: 'Signed out',
    body: html`<h1>You are signed out</h1>
<p class="quiet">You can close this window${clientName && html`, or go back to <strong><bdi>${displayClientName(clientName)}</bdi></strong>`}.</p>`,
  })
