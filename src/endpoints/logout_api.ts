/** POST /logout – ends the session of the realm's cookie and clears the cookie, whether or not there was one. */

import { clearCookie } from '../http/cookies.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { factsOf } from '../http/request_facts.ts'
import { sessionCookieName, sessionCookieSameSite } from '../sessions/cookies.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { requireNoBody } from './admin/body.ts'
import { openCookieRealm, resumeFromCookie } from './session_of_cookie.ts'

export type LogoutApiDeps = {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'resume' | 'end'>
  clock: Clock
  random: Random
}

export const createLogoutApiEndpoints = ({ realms, sessions, clock, random }: LogoutApiDeps): Endpoint[] => [
  {
    at: 'server',
    method: 'POST',
    path: '/logout',
    errors: 'json',
    cors: 'none',
    async handle(request, reply) {
      const realm = await openCookieRealm(realms, request)
      // RFC 6265bis §8.8.2 – SameSite alone does not stop a sibling site from signing people out.
      requireOwnOrigin(request, realm.issuer)
      requireNoBody(request)
      const session = await resumeFromCookie(sessions, request, realm)
      if (session) {
        await sessions.end([session.sessionId])
        const { ip, requestId } = factsOf(request)
        await realm.store.audit.insert({
          id: random.id(),
          occurredAt: clock.now(),
          type: 'logout',
          outcome: 'success',
          principal: session.username,
          target: session.sessionId,
          ip,
          requestId,
          detail: {},
        })
      }
      clearCookie(reply, { name: sessionCookieName('api', realm.id), sameSite: sessionCookieSameSite('api') })
      return reply.code(204).header('cache-control', 'no-store').send()
    },
  },
]
