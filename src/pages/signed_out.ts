/**
 * OpenID Connect RP-Initiated Logout 1.0 §3 – what a person sees when there is no address to return to, and Front-Channel
 * Logout 1.0 §3 – what tells the clients meanwhile, one in a frame each, before it goes on.
 */
import { displayClientName } from './display_text.ts'
import { checkedUrl, type Html, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

export const signedOutPage = ({ clientName }: { clientName?: string | undefined }): Page =>
  toPage({
    title: 'Signed out',
    body: html`<h1>You are signed out</h1>
<p class="quiet">You can close this window${clientName && html`, or go back to <strong><bdi>${displayClientName(clientName)}</bdi></strong>`}.</p>`,
  })

// A window has loaded when its frames have. One that takes too long is left behind.
const GO_ON = `{
  const goOn = () => location.replace(document.getElementById('continue').href)
  addEventListener('load', goOn)
  setTimeout(goOn, 5000)
}`

/** Scripts and cookies of its own, and nothing of ours: no way to the top window, no form, no popup. */
const frame = (address: string): Html =>
  html`<iframe src="${checkedUrl(address)}" sandbox="allow-scripts allow-same-origin" title="Signing out" hidden></iframe>`

/** `frames`: where the clients are told. `continueTo`: an address of a client, or of ours. */
export const signingOutPage = ({ frames, continueTo }: { frames: string[]; continueTo: string }): Page =>
  toPage({
    title: 'Signing out',
    body: html`<h1>You are signed out</h1>
<p class="quiet">The applications that you used are being told.</p>
<p><a id="continue" href="${checkedUrl(continueTo)}">Continue</a></p>
${frames.map(frame)}`,
    script: GO_ON,
  })
