/** What all pages share: the document around the content, and the hashes under which the CSP allows its style and script. */
import { hash } from 'node:crypto'
import { type Html, html, render, trusted } from './html.ts'
import { STYLE } from './style.ts'

/** The hashes are hash-sources of CSP Level 3 §2.3.1, without the quotes: `sha256-…`. */
export type Page = { html: string; scriptHashes: string[]; styleHashes: string[] }

type Content = {
  title: string
  body: Html
  footer?: Html
  /** A constant of this server. Data never goes into a script (T-XS-03). */
  script?: string
}

const sourceHash = (text: string): string => `sha256-${hash('sha256', text, 'base64')}`

const STYLE_HASH = sourceHash(STYLE)

const SHIELD =
  'M18 1.5 32 7v10.2c0 8.3-5.6 14.6-14 17.3C9.6 31.8 4 25.5 4 17.2V7zM18 11a4.2 4.2 0 0 0-2 7.9V25h4v-6.1a4.2 4.2 0 0 0-2-7.9z'

const MARK = html`<svg class="mark" viewBox="4 1.5 28 33" aria-hidden="true" focusable="false"><path fill="currentColor" d="${SHIELD}"/></svg>`

const ICON = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><path fill="#12826d" d="${SHIELD}"/></svg>`)}`

export const toPage = ({ title, body, footer, script }: Content): Page => ({
  html: render(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="${ICON}">
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${MARK}
${body}
</main>
${footer && html`<footer>${footer}</footer>`}
${script && html`<script>${trusted(script)}</script>`}
</body>
</html>
`),
  scriptHashes: script ? [sourceHash(script)] : [],
  styleHashes: [STYLE_HASH],
})
