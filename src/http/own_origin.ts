/** Fetch §3.2 and Fetch Metadata §2.3 – a cookie changes something only for a request that our own origin sent. */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

const foreign = (hint: string): OAuthError =>
  new OAuthError('forbidden', 'The request comes from another origin', { hint })

const requireFrom = (request: FastifyRequest, issuer: string, sites: readonly string[]): void => {
  if (READING.has(request.method)) return
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  // Fetch §3.2 – a form on a page without referrer has the origin `null`, so what the browser says of the site decides.
  const isUntold = origin === 'null' && site !== undefined && sites.includes(site)
  if (origin !== undefined && origin !== new URL(issuer).origin && !isUntold)
    throw foreign('Origin differs from the issuer')
  if (site !== undefined && site !== 'none' && !sites.includes(site))
    throw foreign('Sec-Fetch-Site is that of another origin')
}

/** Programs that are no browsers send neither header and pass; the cookie is theirs to send. */
export const requireOwnOrigin = (request: FastifyRequest, issuer: string): void =>
  requireFrom(request, issuer, ['same-origin'])

/**
 * For a form that our origin sends to another port of its host, which browsers call the same site. The CSRF token has to
 * tell our page from those of a sibling host.
 */
export const requireOwnSite = (request: FastifyRequest, issuer: string): void =>
  requireFrom(request, issuer, ['same-origin', 'same-site'])
