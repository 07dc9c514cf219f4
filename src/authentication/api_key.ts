/**
 * API keys: `ask_`, a public id, `_` and 256 bits. The beginning is for people and for scanners of published code; the id finds the
 * key, and its secret is compared by its hash.
 */
import { ADMINISTRATORS_REALM } from '../oauth/realm_settings.ts'
import type { ApiKey } from '../storage/api_keys.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, sha256 } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import { type Rights, rightsOf } from './administrators.ts'

/** `admin`: administers. `admin:read`: looks. `sessions`: the sessions API, as an API server does. */
export const API_KEY_SCOPES = ['admin', 'admin:read', 'sessions'] as const
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number]

const FORM = /^ask_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/

/** When it was used last is told to the minute. */
const TOUCH_MS = 60_000

export const looksLikeApiKey = (token: string): boolean => token.startsWith('ask_')

export const isUsable = ({ revokedAt, expiresAt }: ApiKey, now: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || expiresAt > now)

/** A key of the administrators' realm has their roles; one of another realm is for that realm alone. */
export const rightsOfApiKey = ({ realmId, roles }: ApiKey): Rights =>
  realmId === ADMINISTRATORS_REALM ? rightsOf(roles) : { isSuper: false, realms: [realmId] }

export const newSecretOf = (id: string, { random }: { random: Random }): { shown: string; secretHash: string } => {
  const secret = random.secret()
  return { shown: `ask_${id}_${secret}`, secretHash: sha256(secret) }
}

export type FindApiKey = (token: string) => Promise<ApiKey | undefined>

export type FindApiKeyDeps = { store: Pick<Store, 'apiKeys'>; clock: Clock; log: Pick<Log, 'warn'> }

/** The key while it is good: undefined for one that is unknown, revoked or over. Asks the database at every use, so that a revocation counts at once. */
export const createFindApiKey = ({ store, clock, log }: FindApiKeyDeps): FindApiKey => {
  const touch = (key: ApiKey, now: number): void => {
    if (key.lastUsedAt !== undefined && now - key.lastUsedAt < TOUCH_MS) return
    store.apiKeys
      .touch(key.id, { now, notSince: now - TOUCH_MS })
      .catch((err: unknown) => log.warn({ err }, 'the use of an API key could not be noted'))
  }

  return async (token) => {
    const [, id, secret] = FORM.exec(token) ?? []
    if (id === undefined || secret === undefined) return undefined
    const key = await store.apiKeys.find(id)
    const now = clock.now()
    if (!key || !constantTimeEquals(sha256(secret), key.secretHash) || !isUsable(key, now)) return undefined
    touch(key, now)
    return key
  }
}
