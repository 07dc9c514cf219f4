/** Sends a page with the headers that keep it ours: no foreign resource, no frame, no referrer, no cache. */
import type { FastifyReply } from 'fastify'
import type { Page } from '../pages/layout.ts'

const hashes = (values: readonly string[]): string =>
  values.length === 0 ? "'none'" : values.map((hash) => `'${hash}'`).join(' ')

/**
 * CSP level 3. Chromium applies form-action to the redirects that follow a form, so a form whose answer leads to a client
 * names that client's origin or scheme in `formAction`.
 */
const contentSecurityPolicy = (page: Page, formAction: readonly string[]): string =>
  [
    "default-src 'none'",
    `style-src ${hashes(page.styleHashes)}`,
    `script-src ${hashes(page.scriptHashes)}`,
    "img-src 'self' data:",
    `form-action ${["'self'", ...formAction].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')

export const sendPage = (
  reply: FastifyReply,
  page: Page,
  options: { status?: number; formAction?: readonly string[] } = {},
): FastifyReply =>
  reply
    .code(options.status ?? 200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy(page, options.formAction ?? []))
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(page.html)
