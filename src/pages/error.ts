/** RFC 6749 §4.1.2.1 – an error that must not be redirected is told to the person, with an id to quote. */
import { html } from './html.ts'
import { type Page, toPage } from './layout.ts'

type ErrorFacts = {
  code: string
  /** Constant English of this server. */
  description: string
  requestId: string
}

const DEFAULT_HEADING = 'This request could not be completed'

const headings = new Map([
  ['not_found', 'This page does not exist'],
  ['method_not_allowed', 'This page cannot be used in this way'],
  ['server_error', 'Something went wrong here'],
  ['temporarily_unavailable', 'Not available at the moment'],
  ['too_many_requests', 'Too many attempts'],
  ['access_denied', 'Access denied'],
  ['forbidden', 'This was refused'],
  ['conflict', 'This was done already'],
])

export const errorPage = ({ code, description, requestId }: ErrorFacts): Page => {
  const heading = headings.get(code) ?? DEFAULT_HEADING
  return toPage({
    title: heading,
    body: html`<h1>${heading}</h1>
<p id="error-description">${description}</p>
<p class="quiet">Return to the application that you came from and try again. If that does not help, pass on what is below to whoever runs it.</p>
<dl>
<dt>Error</dt>
<dd><code id="error-code">${code}</code></dd>
<dt>Request</dt>
<dd><code id="request-id">${requestId}</code></dd>
</dl>`,
  })
}
