/** RFC 7517 §5 – the public key of session JWTs, for those who validate them offline: one for all realms, apart from their own keys. */
import type { ServerEndpoint } from '../http/endpoint.ts'
import type { SessionJwt } from '../sessions/session_jwt.ts'

/** It changes with the configuration only; a `kid` that the copy lacks makes whoever validates ask again. */
const MAX_AGE_SECONDS = 300

export const createSessionJwksEndpoint = ({
  sessionJwt,
}: {
  sessionJwt: Pick<SessionJwt, 'publicKey'>
}): ServerEndpoint => {
  const body = JSON.stringify({ keys: [sessionJwt.publicKey] })
  return {
    at: 'server',
    method: 'GET',
    path: '/sessions/jwks.json',
    errors: 'json',
    cors: 'public',
    limit: 'documents',
    handle: (_request, reply) =>
      reply
        .header('content-type', 'application/json')
        .header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`)
        .send(body),
  }
}
