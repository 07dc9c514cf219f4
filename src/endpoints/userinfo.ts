/** OpenID Connect Core §5.3 and RFC 6750 – what the scopes of an access token tell about its person. */
import type { FastifyRequest } from 'fastify'
import type { Endpoint } from '../http/endpoint.ts'
import { queryParameters } from '../http/form.ts'
import { isForm } from '../http/form_body.ts'
import { shownProof } from '../http/shown_proof.ts'
import { claimsOf } from '../oauth/claims.ts'
import { wantedClaimsOf } from '../oauth/claims_request.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { parseScope } from '../oauth/scopes.ts'
import type { DpopDeps } from '../proofs/dpop.ts'
import { createRequirePossession, DPOP_CHALLENGE } from '../proofs/possession.ts'
import { createUserinfoResponse, type UserinfoResponseDeps } from '../tokens/userinfo_response.ts'
import type { FindAccessToken } from '../tokens/verify.ts'

export type UserinfoDeps = DpopDeps & UserinfoResponseDeps & { findAccessToken: FindAccessToken }

const PATH = '/userinfo'

/** An access token, and by which scheme it was shown. */
type Shown = { token: string; scheme: 'Bearer' | 'DPoP' }

/** RFC 6750 §2.1 and RFC 9449 §7.1; the scheme in any case (RFC 9110 §11.1). */
const CREDENTIALS = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i

const headerToken = (authorization: string | undefined): Shown | undefined => {
  if (authorization === undefined) return undefined
  const [, scheme, token] = CREDENTIALS.exec(authorization) ?? []
  if (token === undefined) throw new OAuthError('invalid_request', 'The Authorization header is not a bearer token')
  return { token, scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer' }
}

/** RFC 6750 §2.2 – in the body of a form; a GET has none. */
const bodyToken = (request: FastifyRequest): Shown | undefined => {
  if (request.method !== 'POST' || !isForm(request)) return undefined
  const token = (request.body as Parameters).get('access_token')
  return token === undefined ? undefined : { token, scheme: 'Bearer' }
}

/** Throws invalid_request; a bare challenge when there is no token at all. */
const readToken = (request: FastifyRequest): Shown => {
  // OAuth 2.1 §5.1.2 – never in the URL, which ends up in logs.
  if (queryParameters(request.raw.url ?? '').has('access_token'))
    throw new OAuthError('invalid_request', 'An access token in the URL is not accepted')
  const inHeader = headerToken(request.headers.authorization)
  const inBody = bodyToken(request)
  // RFC 6750 §2 – in one way a request.
  if (inHeader !== undefined && inBody !== undefined)
    throw new OAuthError('invalid_request', 'The access token was sent in more than one way')
  const shown = inHeader ?? inBody
  // RFC 6750 §3.1 – no error code for who did not try.
  if (shown === undefined)
    throw new OAuthError('invalid_token', 'An access token is required', {
      headers: { 'www-authenticate': `Bearer, ${DPOP_CHALLENGE}` },
    })
  return shown
}

const insufficientScope = (): OAuthError => {
  const description = 'The access token lacks the scope openid'
  const challenge = `Bearer error="insufficient_scope", error_description="${description}", scope="openid"`
  return new OAuthError('insufficient_scope', description, { headers: { 'www-authenticate': challenge } })
}

export const createUserinfoEndpoint = ({ findAccessToken, ...deps }: UserinfoDeps): Endpoint => {
  const requirePossession = createRequirePossession(deps)
  const respond = createUserinfoResponse(deps)
  return {
    at: 'realm',
    method: ['GET', 'POST'],
    path: PATH,
    errors: 'bearer',
    cors: 'clients',
    async handle(request, reply, realm) {
      const shown = readToken(request)
      const found = await findAccessToken(realm, shown.token)
      if (!found) throw new OAuthError('invalid_token', 'The access token is invalid, expired or revoked')
      request.clientId = found.client.clientId
      const { method } = request
      const endpoint = `${realm.issuer}${PATH}`
      // RFC 9449 §7, RFC 8705 §3 – before anything is told of the token.
      const dpopNonce = await requirePossession(realm, found.claims, {
        ...shown,
        ...shownProof(request),
        method,
        endpoint,
      })
      if (dpopNonce !== undefined) reply.header('dpop-nonce', dpopNonce)
      const scopes = found.claims.scope?.split(' ') ?? []
      // Core §5.3 – a token of an authentication request, and so of a person.
      if (!found.user || !scopes.includes('openid')) throw insufficientScope()
      const asked = Object.fromEntries((found.claims.userinfo_claims ?? []).map((name) => [name, null]))
      const wanted = wantedClaimsOf(found.user, asked, parseScope(found.client.metadata.scope))
      // Core §5.3.2 – `sub` always, and as the ID token has it.
      const claims = { sub: found.claims.sub, ...wanted, ...claimsOf(found.user, scopes) }
      const { contentType, body } = await respond(realm, found.client, claims)
      return reply.header('cache-control', 'no-store').type(contentType).send(body)
    },
  }
}
