/** OAuth 2.0 Form Post Response Mode §2 – a form that sends itself to the client, or by its button where scripts are off. */
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type FormPost = { action: string; fields: Record<string, string> }

// By way of the prototype: an input named `submit` would hide the form's own method.
const SEND = 'HTMLFormElement.prototype.submit.call(document.forms[0])'

export const formPostPage = ({ action, fields }: FormPost): Page =>
  toPage({
    title: 'Returning to the application',
    body: html`<h1>Returning to the application</h1>
<p class="quiet">If nothing happens, use the button.</p>
<form method="post" action="${checkedUrl(action)}">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit" id="continue">Continue</button>
</form>`,
    script: SEND,
  })
