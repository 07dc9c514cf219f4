/** Sends a page with the headers that keep it ours: no foreign resource, no frame, no referrer, no cache. */
import type { FastifyReply } from 'fastify'
import type { Page } from '../pages/layout.ts'

const hashes = (values: readonly string[]): string =>
  values.length === 0 ? "'none'" : values.map((hash) => `'${hash}'`).join(' ')

/** `frames`: what the page may show in a frame, beside nothing at all. */
type Sources = { formAction?: readonly string[]; frames?: readonly string[] }

/**
 * CSP level 3. Chromium applies form-action to the redirects that follow a form, so a form whose answer leads to a client
 * names that client's origin or scheme in `formAction`.
 */
const contentSecurityPolicy = (page: Page, { formAction = [], frames = [] }: Sources): string =>
  [
    "default-src 'none'",
    `style-src ${hashes(page.styleHashes)}`,
    `script-src ${hashes(page.scriptHashes)}`,
    "img-src 'self' data:",
    `form-action ${["'self'", ...formAction].join(' ')}`,
    ...(frames.length === 0 ? [] : [`frame-src ${[...new Set(frames)].join(' ')}`]),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')

export const sendPage = (reply: FastifyReply, page: Page, options: Sources & { status?: number } = {}): FastifyReply =>
  reply
    .code(options.status ?? 200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy(page, options))
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(page.html)
