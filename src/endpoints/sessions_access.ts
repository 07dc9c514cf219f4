/** Who may look at and end the sessions of a realm: its administrators, and its clients that act for themselves with the scope. */
import type { FastifyRequest } from 'fastify'
import { looksLikeApiKey, rightsOfApiKey } from '../authentication/api_key.ts'
import { bearerToken } from '../http/bearer.ts'
import { OAuthError } from '../oauth/errors.ts'
import { parseJwt } from '../oauth/jwt.ts'
import { ADMINISTRATORS_REALM, isRealmId } from '../oauth/realm_settings.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import { type AdministratorDeps, createRequireAdministrator, notFound, principalOf } from './admin/administrator.ts'

const SESSIONS_SCOPE = 'sessions'

export type SessionsAccess = {
  /** For the audit: a username or a client_id. */
  principal: string
  /** An API server asks because the person behind the session is at work: that is use of the session. */
  isApiServer: boolean
  covers(realmId: string): boolean
}

/** `realmId`: the realm that is to be touched; undefined where no single one is. */
export type RequireSessionsAccess = (request: FastifyRequest, realmId: string | undefined) => Promise<SessionsAccess>

export type SessionsAccessDeps = AdministratorDeps & {
  realms: Pick<RealmDirectory, 'open' | 'issuerOf' | 'defaultRealm'>
}

/** RFC 6750 §3.1 – the token is good, but not for this. */
const insufficientScope = (): OAuthError =>
  new OAuthError(
    'insufficient_scope',
    'The access token is not one that a client got for itself with the scope sessions',
    {
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${SESSIONS_SCOPE}"` },
    },
  )

export const createRequireSessionsAccess = (deps: SessionsAccessDeps): RequireSessionsAccess => {
  const { realms, findAccessToken } = deps
  const requireAdministrator = createRequireAdministrator(deps)

  /** Which realm to ask; whether the token is one of its own is for that realm's keys to say. */
  const realmNamedBy = async (token: string): Promise<Realm | undefined> => {
    const issuer = parseJwt(token)?.claims.iss
    if (typeof issuer !== 'string') return undefined
    const isDefault = issuer === realms.issuerOf(realms.defaultRealm)
    const realmId = isDefault ? realms.defaultRealm : (issuer.split('/').at(-1) ?? '')
    return isRealmId(realmId) && realms.issuerOf(realmId) === issuer ? await realms.open(realmId) : undefined
  }

  /** Undefined for everything that only an administrator's rights can answer for. Throws insufficient_scope. */
  const clientAccess = async (request: FastifyRequest): Promise<SessionsAccess | undefined> => {
    const token = bearerToken(request.headers.authorization)
    const realm = token === undefined ? undefined : await realmNamedBy(token)
    const found = token === undefined || !realm ? undefined : await findAccessToken(realm, token)
    if (!realm || !found) return undefined
    const { claims, user } = found
    // RFC 9068 §2.2 – the subject of a client's own token is the client: no person's token opens other people's sessions.
    const isOwn = user === undefined && claims.sub === claims.client_id
    if (isOwn && (claims.scope ?? '').split(' ').includes(SESSIONS_SCOPE))
      return { principal: claims.client_id, isApiServer: true, covers: (realmId) => realmId === realm.id }
    if (realm.id === ADMINISTRATORS_REALM) return undefined
    throw insufficientScope()
  }

  /** As an API server, with a key instead of a token; one that administers is asked for that. */
  const keyAccess = async (request: FastifyRequest): Promise<SessionsAccess | undefined> => {
    const token = bearerToken(request.headers.authorization)
    const key = token !== undefined && looksLikeApiKey(token) ? await deps.findApiKey(token) : undefined
    if (!key?.scopes.includes(SESSIONS_SCOPE)) return undefined
    const { isSuper, realms: covered } = rightsOfApiKey(key)
    return {
      principal: principalOf({ by: { kind: 'api_key', key } }),
      isApiServer: true,
      covers: (realmId) => isSuper || covered.includes(realmId),
    }
  }

  return async (request, realmId) => {
    const access = (await keyAccess(request)) ?? (await clientAccess(request))
    if (access) {
      if (realmId !== undefined && !access.covers(realmId)) throw notFound()
      return access
    }
    const administrator = await requireAdministrator(request, realmId)
    const { isSuper, realms: administered } = administrator
    return {
      principal: principalOf(administrator),
      isApiServer: false,
      covers: (id) => isSuper || administered.includes(id),
    }
  }
}

/** What is no realm's own business, such as tidying up the store: administrators only. */
export const refuseApiServers = (access: SessionsAccess): void => {
  if (access.isApiServer) throw new OAuthError('forbidden', 'Only an administrator may do this')
}
