/** The pages of the application; on purpose nothing like the server's own, so that a person sees who is who. */
import { type Html, html, render, trusted } from '../src/pages/html.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#26213b, #eceaf6); --ground: light-dark(#f6f4fb, #15131d);
  --surface: light-dark(#fff, #201d2b); --line: light-dark(#d9d3ea, #3a3550); --accent: light-dark(#5b3fb8, #b9a7ff); --on: light-dark(#fff, #1b1430); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 44rem; font: 1rem/1.5 system-ui, "Liberation Sans", sans-serif; color: var(--ink); background: var(--ground); }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; }
button { min-height: 44px; padding: .5rem 1.125rem; font: inherit; font-weight: 600; border: 1px solid var(--accent); border-radius: 999px; color: var(--on); background: var(--accent); cursor: pointer; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
pre { margin: 0; padding: .875rem 1rem; overflow-x: auto; font: .875rem/1.5 ui-monospace, Consolas, "Liberation Mono", monospace; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
`

const page = (title: string, body: Html): string =>
  render(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`)

const action = (path: string, label: string): Html =>
  html`<form method="post" action="/${path}"><button type="submit" id="${path}">${label}</button></form>`

const json = (id: string, title: string, value: unknown): Html =>
  html`<h2 id="${id}-title">${title}</h2>
<pre id="${id}" role="region" tabindex="0" aria-labelledby="${id}-title">${JSON.stringify(value, null, 2)}</pre>`

export const signedOutPage = (): string =>
  page(
    'Demo application',
    html`<h1>Demo application</h1>
<p>Nobody is signed in here. The button takes you to the authorization server.</p>
<div class="actions">${action('sign-in', 'Sign in')}</div>`,
  )

type Shown = {
  claims: { sub: string; [claim: string]: unknown }
  userInfo: unknown
  scope: string | undefined
  expiresIn: number | undefined
  result: { title: string; value: unknown } | undefined
}

export const signedInPage = ({ claims, userInfo, scope, expiresIn, result }: Shown): string =>
  page(
    'Demo application',
    html`<h1>You are signed in</h1>
<p>The access token gives <strong id="scope">${scope ?? 'what was asked for'}</strong>, for ${expiresIn ?? 'an unknown number of'} seconds from when it was issued.</p>
<div class="actions">${action('refresh', 'Refresh')}${action('introspect', 'Introspect')}${action('sign-out', 'Sign out')}</div>
${result && json('result', result.title, result.value)}
${json('claims', 'ID token', claims)}
${json('userinfo', 'UserInfo', userInfo)}`,
  )

export const failurePage = (message: string): string =>
  page(
    'Demo application',
    html`<h1>That did not work</h1>
<p role="alert" id="failure">${message}</p>
<p><a href="/">Back</a></p>`,
  )
