/** Who may administer what: read from the user's own row at every request, so that a right that is taken is gone at once. */
import type { FastifyRequest } from 'fastify'
import { type Rights, rightsOf } from '../../authentication/administrators.ts'
import { type ApiKeyScope, type FindApiKey, looksLikeApiKey, rightsOfApiKey } from '../../authentication/api_key.ts'
import { bearerToken } from '../../http/bearer.ts'
import { readCookie } from '../../http/cookies.ts'
import { requireOwnOrigin } from '../../http/own_origin.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { ADMINISTRATORS_REALM } from '../../oauth/realm_settings.ts'
import { sessionCookieName } from '../../sessions/cookies.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { ApiKey } from '../../storage/api_keys.ts'
import type { Realm, RealmDirectory } from '../../storage/realm_directory.ts'
import type { User } from '../../storage/users.ts'
import type { FindAccessToken } from '../../tokens/verify.ts'

/** The scope that a client needs to administer on somebody's behalf; signing in to a client must not hand it the server. */
const ADMIN_SCOPE = 'admin'

/** A person, or a program with a key. */
export type Principal = { kind: 'user'; user: User } | { kind: 'api_key'; key: ApiKey }

export type Administrator = Rights & { by: Principal }

/** For the audit. */
export const principalOf = ({ by }: Pick<Administrator, 'by'>): string =>
  by.kind === 'user' ? by.user.username : `api_key:${by.key.id}`

/** `realmId`: the realm that is to be touched; undefined where no single one is. */
export type RequireAdministrator = (request: FastifyRequest, realmId: string | undefined) => Promise<Administrator>

export type AdministratorDeps = {
  config: { oauth_params: { issuer: string }; default_username?: string | undefined }
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'resume'>
  findAccessToken: FindAccessToken
  findApiKey: FindApiKey
}

/** What a key has to have: see authentication/api_key.ts. */
const READING_SCOPES: readonly ApiKeyScope[] = ['admin', 'admin:read']
const WRITING_SCOPES: readonly ApiKeyScope[] = ['admin']

const unauthorized = (hint: string): OAuthError =>
  new OAuthError('unauthorized', 'An administrator has to sign in', { hint, headers: { 'www-authenticate': 'Bearer' } })

/** The one answer for what does not exist and for what the caller must not know to exist. */
export const notFound = (): OAuthError => new OAuthError('not_found', 'There is no such resource')

const superOnly = (): OAuthError => new OAuthError('forbidden', 'Only a super administrator may do this')

export const requireSuper = (administrator: Administrator): void => {
  if (!administrator.isSuper) throw superOnly()
}

export const createRequireAdministrator = (deps: AdministratorDeps): RequireAdministrator => {
  const byToken = async (realm: Realm, authorization: string): Promise<string> => {
    const token = bearerToken(authorization)
    const found = token === undefined ? undefined : await deps.findAccessToken(realm, token)
    if (!found) throw unauthorized('no valid access token of the administrators realm')
    // RFC 9068 §5 – the subject is a client, whatever user has the same identifier.
    if (!found.user) throw unauthorized('the access token is about no person')
    if (!(found.claims.scope ?? '').split(' ').includes(ADMIN_SCOPE)) {
      throw new OAuthError('insufficient_scope', 'The access token lacks the scope admin')
    }
    return found.user.id
  }

  const bySession = async (request: FastifyRequest, realm: Realm, secret: string): Promise<string> => {
    requireOwnOrigin(request, deps.config.oauth_params.issuer)
    const session = await deps.sessions.resume(realm.id, 'api', secret)
    if (!session) throw unauthorized('no live session')
    if (session.restricted) throw new OAuthError('forbidden', 'The password has to be changed first')
    return session.userId
  }

  const findUser = async (request: FastifyRequest, realm: Realm): Promise<User | undefined> => {
    const { authorization } = request.headers
    if (authorization !== undefined) return await realm.store.users.find(await byToken(realm, authorization))
    const secret = readCookie(request, sessionCookieName('api', realm.id))
    if (secret !== undefined) return await realm.store.users.find(await bySession(request, realm, secret))
    // Development only: the configuration refuses it unless the server listens on a loopback address.
    const { default_username: defaultUsername } = deps.config
    if (defaultUsername === undefined) throw unauthorized('no credentials')
    requireOwnOrigin(request, deps.config.oauth_params.issuer)
    return await realm.store.users.findByUsername(defaultUsername)
  }

  const byApiKey = async (request: FastifyRequest, token: string): Promise<Administrator> => {
    const key = await deps.findApiKey(token)
    if (!key) throw unauthorized('no API key that is good')
    const enough = request.method === 'GET' || request.method === 'HEAD' ? READING_SCOPES : WRITING_SCOPES
    if (!enough.some((scope) => key.scopes.includes(scope)))
      throw new OAuthError('insufficient_scope', 'The API key lacks the scope for this')
    return { by: { kind: 'api_key', key }, ...rightsOfApiKey(key) }
  }

  const byPerson = async (request: FastifyRequest): Promise<Administrator> => {
    const realm = await deps.realms.open(ADMINISTRATORS_REALM)
    if (!realm) throw unauthorized('the administrators realm does not exist')
    const user = await findUser(request, realm)
    if (!user?.enabled) throw unauthorized('the user is gone or disabled')
    return { by: { kind: 'user', user }, ...rightsOf(user.roles) }
  }

  return async (request, realmId) => {
    // An access token has dots, and no key has: the form tells which of the two it can be.
    const token = bearerToken(request.headers.authorization)
    const isKey = token !== undefined && looksLikeApiKey(token)
    const administrator = isKey ? await byApiKey(request, token) : await byPerson(request)
    const rights: Rights = administrator
    if (!rights.isSuper && rights.realms.length === 0)
      throw new OAuthError('forbidden', 'Only an administrator may do this')
    if (realmId !== undefined && !rights.isSuper && !rights.realms.includes(realmId)) throw notFound()
    return administrator
  }
}
