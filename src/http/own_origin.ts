/** Fetch §3.2 and Fetch Metadata §2.3 – a cookie changes something only for a request that our own origin sent. */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

const foreign = (hint: string): OAuthError =>
  new OAuthError('forbidden', 'The request comes from another origin', { hint })

/** Programs that are no browsers send neither header and pass; the cookie is theirs to send. */
export const requireOwnOrigin = (request: FastifyRequest, issuer: string): void => {
  if (READING.has(request.method)) return
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  // Fetch §3.2 – a form on a page without referrer has the origin `null`, so what the browser says of the site decides.
  const isUntold = origin === 'null' && site === 'same-origin'
  if (origin !== undefined && origin !== new URL(issuer).origin && !isUntold)
    throw foreign('Origin differs from the issuer')
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw foreign('Sec-Fetch-Site is not same-origin')
}
