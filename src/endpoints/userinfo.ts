/** OpenID Connect Core §5.3 and RFC 6750 – what the scopes of an access token tell about its person. */
import type { FastifyRequest } from 'fastify'
import { bearerToken } from '../http/bearer.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { queryParameters } from '../http/form.ts'
import { isForm } from '../http/form_body.ts'
import { claimsOf } from '../oauth/claims.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { FindAccessToken } from '../tokens/verify.ts'

export type UserinfoDeps = { findAccessToken: FindAccessToken }

const headerToken = (authorization: string | undefined): string | undefined => {
  if (authorization === undefined) return undefined
  const token = bearerToken(authorization)
  if (token === undefined) throw new OAuthError('invalid_request', 'The Authorization header is not a bearer token')
  return token
}

/** RFC 6750 §2.2 – in the body of a form; a GET has none. */
const bodyToken = (request: FastifyRequest): string | undefined =>
  request.method === 'POST' && isForm(request) ? (request.body as Parameters).get('access_token') : undefined

/** Throws invalid_request; a bare challenge when there is no token at all. */
const readToken = (request: FastifyRequest): string => {
  // OAuth 2.1 §5.1.2 – never in the URL, which ends up in logs.
  if (queryParameters(request.raw.url ?? '').has('access_token'))
    throw new OAuthError('invalid_request', 'An access token in the URL is not accepted')
  const inHeader = headerToken(request.headers.authorization)
  const inBody = bodyToken(request)
  // RFC 6750 §2 – in one way a request.
  if (inHeader !== undefined && inBody !== undefined)
    throw new OAuthError('invalid_request', 'The access token was sent in more than one way')
  const token = inHeader ?? inBody
  // RFC 6750 §3.1 – no error code for who did not try.
  if (token === undefined)
    throw new OAuthError('invalid_token', 'An access token is required', { headers: { 'www-authenticate': 'Bearer' } })
  return token
}

const insufficientScope = (): OAuthError => {
  const description = 'The access token lacks the scope openid'
  const challenge = `Bearer error="insufficient_scope", error_description="${description}", scope="openid"`
  return new OAuthError('insufficient_scope', description, { headers: { 'www-authenticate': challenge } })
}

export const createUserinfoEndpoint = ({ findAccessToken }: UserinfoDeps): Endpoint => ({
  at: 'realm',
  method: ['GET', 'POST'],
  path: '/userinfo',
  errors: 'bearer',
  cors: 'clients',
  async handle(request, reply, realm) {
    const found = await findAccessToken(realm, readToken(request))
    if (!found) throw new OAuthError('invalid_token', 'The access token is invalid, expired or revoked')
    request.clientId = found.client.clientId
    const scopes = found.claims.scope?.split(' ') ?? []
    // Core §5.3 – a token of an authentication request, and so of a person.
    if (!found.user || !scopes.includes('openid')) throw insufficientScope()
    return reply.header('cache-control', 'no-store').send(claimsOf(found.user, scopes))
  },
})
