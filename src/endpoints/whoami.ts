/** Who is signed in: the claims of the cookie's session, as JSON or as a session JWT that others can check offline. */
import type { FastifyRequest } from 'fastify'
import { accepts } from '../http/accept.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { SessionClaims, SessionJwt } from '../sessions/session_jwt.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import { openNamedRealm, requireSession } from './session_of_cookie.ts'

export type WhoamiDeps = {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'resume'>
  sessionJwt: SessionJwt
}

export const createWhoamiEndpoints = ({ realms, sessions, sessionJwt }: WhoamiDeps): Endpoint[] => {
  const claimsFor = async (request: FastifyRequest): Promise<SessionClaims> => {
    const realm = await openNamedRealm(realms, request)
    const { session, user } = await requireSession(sessions, request, realm)
    if (session.restricted) throw new OAuthError('password_expired', 'The password has to be changed first')
    return sessionJwt.claims(realm, session, user)
  }

  return [
    {
      at: 'server',
      method: 'GET',
      path: '/whoami',
      errors: 'json',
      cors: 'none',
      async handle(request, reply) {
        reply.header('cache-control', 'no-store').header('vary', 'accept, cookie')
        const claims = await claimsFor(request)
        if (!accepts(request, 'jwt')) return reply.send(claims)
        return reply.header('content-type', 'application/jwt').send(sessionJwt.issue(claims))
      },
    },
  ]
}
