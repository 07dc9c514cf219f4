/** The realm that `?realm=` names, and the session there of the cookie that came along: what the JSON API beside OAuth acts on. */
import type { FastifyRequest } from 'fastify'
import { readCookie } from '../http/cookies.ts'
import { queryParameters } from '../http/form.ts'
import { OAuthError } from '../oauth/errors.ts'
import { isRealmId } from '../oauth/realm_settings.ts'
import { sessionCookieName } from '../sessions/cookies.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'

const openRealm = async (
  realms: Pick<RealmDirectory, 'open'>,
  request: FastifyRequest,
  realmId: string | undefined,
): Promise<Realm> => {
  if (realmId === undefined) throw new OAuthError('invalid_request', 'The parameter realm is missing')
  const realm = isRealmId(realmId) ? await realms.open(realmId) : undefined
  if (!realm) throw new OAuthError('not_found', 'There is no such realm')
  request.realmId = realm.id
  return realm
}

/** Throws invalid_request when no realm is named, not_found when there is none of that name. */
export const openNamedRealm = (realms: Pick<RealmDirectory, 'open'>, request: FastifyRequest): Promise<Realm> =>
  openRealm(realms, request, queryParameters(request.url).get('realm'))

/** The realm of the only session cookie that came along; undefined when there is none or more than one. */
const onlyCookieRealm = (request: FastifyRequest): string | undefined => {
  const prefix = sessionCookieName('api', '')
  const names = (request.headers.cookie ?? '').split(';').map((part) => part.trim().split('=', 1)[0] ?? '')
  const realmIds = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return realmIds.length === 1 ? realmIds[0] : undefined
}

/** The named realm or, where none is named, the one that a single session cookie speaks for. */
export const openCookieRealm = (realms: Pick<RealmDirectory, 'open'>, request: FastifyRequest): Promise<Realm> =>
  openRealm(realms, request, queryParameters(request.url).get('realm') ?? onlyCookieRealm(request))

/** Undefined when there is no cookie or no live session of this realm behind it. */
export const resumeFromCookie = (
  sessions: Pick<Sessions, 'resume'>,
  request: FastifyRequest,
  realm: Realm,
): Promise<Session | undefined> =>
  sessions.resume(realm.id, 'api', readCookie(request, sessionCookieName('api', realm.id)))

const unauthorized = (hint: string): OAuthError =>
  new OAuthError('unauthorized', 'There is no session in this realm', { hint })

/** The session, restricted or not, and its user as it is now. Throws unauthorized. */
export const requireSession = async (
  sessions: Pick<Sessions, 'resume'>,
  request: FastifyRequest,
  realm: Realm,
): Promise<{ session: Session; user: User }> => {
  const session = await resumeFromCookie(sessions, request, realm)
  if (!session) throw unauthorized('no live session behind the cookie')
  const user = await realm.store.users.find(session.userId)
  if (!user?.enabled) throw unauthorized('the user is gone or disabled')
  return { session, user }
}
