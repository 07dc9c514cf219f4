/** POST /logout with no form – ends the session of the realm's cookie and clears the cookie, whether or not there was one. */
import { clearCookie } from '../http/cookies.ts'
import type { ServerEndpoint } from '../http/endpoint.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { sessionCookieName, sessionCookieSameSite } from '../sessions/cookies.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import { createEndSession, type EndSessionDeps } from './end_session.ts'
import { requireNoBody } from './json_body.ts'
import { openCookieRealm, resumeFromCookie } from './session_of_cookie.ts'

export type LogoutApiDeps = EndSessionDeps & {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'resume'>
}

export const createLogoutApi = (deps: LogoutApiDeps): ServerEndpoint['handle'] => {
  const endSession = createEndSession(deps)
  return async (request, reply) => {
    const realm = await openCookieRealm(deps.realms, request)
    // RFC 6265bis §8.8.2 – SameSite alone does not stop a sibling site from signing people out.
    requireOwnOrigin(request, realm.issuer)
    requireNoBody(request)
    const session = await resumeFromCookie(deps.sessions, request, realm)
    if (session) await endSession(request, realm, session)
    clearCookie(reply, { name: sessionCookieName('api', realm.id), sameSite: sessionCookieSameSite('api') })
    return reply.code(204).header('cache-control', 'no-store').send()
  }
}
