/**
 * OAuth 2.1 §4.3 and RFC 9700 §4.14 – refresh tokens: opaque, rotated at every use, and a family that ends when a token is
 * used twice. The storage side, and why a lost response can be repeated, is in storage/refresh_families.ts.
 */
import type { OauthParams } from '../config/schema.ts'
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import { invalidGrant } from '../oauth/errors.ts'
import type { Granted } from '../oauth/granted.ts'
import { newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { RefreshFamily } from '../storage/refresh_families.ts'
import type { RealmStore, Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, hmacSha256, sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import { revocationPurgeAfter, revokeAuthorization } from './revocation.ts'

/** How long a client that lost the response may repeat the request, once. */
const RETRY_MS = 10_000

export type RefreshTokenDeps = {
  config: { oauth_params: OauthParams }
  store: Pick<Store, 'transaction'>
  clock: Clock
  random: Random
}

/**
 * Policy by client: a client that is registered for the grant gets refresh tokens, whether or not `offline_access` was
 * granted. OpenID Connect Core §11 leaves that to the server.
 */
export const getsRefreshTokens = (client: Client): boolean => client.metadata.grant_types.includes('refresh_token')

/**
 * FAPI 2.0 §5.3.2.1, RFC 9700 §4.14.2 – a client that authenticates and is registered for bound tokens keeps its refresh
 * token: rotation would protect nothing, and a lost response would cost the client its access.
 */
const keepsRefreshToken = (client: Client): boolean => {
  const { dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens } = client.metadata
  return isConfidential(client) && (dpop_bound_access_tokens || tls_client_certificate_bound_access_tokens) === true
}

/** The token is the HMAC's key: neither the stored salt nor an old token alone gives the next one. */
const successorOf = (token: string, salt: string): string => hmacSha256(token, salt)

export const isLive = (family: RefreshFamily, now: number): boolean =>
  family.revokedAt === undefined && family.idleExpiresAt > now && family.expiresAt > now

export const createRefreshTokens = (deps: RefreshTokenDeps) => {
  const { config, store, clock, random } = deps
  const params = config.oauth_params

  const idleExpiry = (now: number, expiresAt: number): number =>
    // RFC 9700 §4.14.2 – idle tokens expire; no use moves the absolute end.
    Math.min(now + params.refresh_token_idle_secs * 1000, expiresAt)

  /** Ends the family and tells the audit, once. */
  const revokeReused = async (
    realmStore: RealmStore,
    client: Client,
    family: RefreshFamily,
    facts: RequestFacts,
  ): Promise<void> => {
    const now = clock.now()
    const purgeAfter = revocationPurgeAfter(params, client.metadata.access_token_ttl_secs, now)
    const revocation = { authorizationId: family.id, reason: 'refresh_token_reused', now, purgeAfter }
    if (!(await revokeAuthorization(realmStore, revocation))) return
    await realmStore.audit.insert(
      newAuditEvent(deps, facts, {
        type: 'refresh_token.reused',
        outcome: 'failure',
        principal: client.clientId,
        target: family.granted.userId,
        detail: { authorization_id: family.id },
      }),
    )
  }

  /** The successor for the one repeat that is allowed; otherwise this is a reuse, and the family ends. */
  const redeemReplaced = async (
    realm: Realm,
    client: Client,
    token: string,
    facts: RequestFacts,
  ): Promise<string | undefined> => {
    const tokenHash = sha256(token)
    return await store.transaction(async (repositories) => {
      const realmStore = repositories.realm(realm.id)
      const { refreshFamilies } = realmStore
      const now = clock.now()
      const mayRepeat = await refreshFamilies.consumeRetry(tokenHash, now, now - RETRY_MS)
      const replaced = await refreshFamilies.findReplaced(tokenHash)
      const family = replaced && (await refreshFamilies.find(replaced.familyId))
      if (!family || !isLive(family, now)) return undefined
      const successor = successorOf(token, replaced.successorSalt)
      // A successor that was used itself did arrive: whoever repeats the old one now is somebody else.
      if (mayRepeat && constantTimeEquals(sha256(successor), family.currentTokenHash)) return successor
      await revokeReused(realmStore, client, family, facts)
      return undefined
    })
  }

  const rotate = async (realm: Realm, family: RefreshFamily, token: string): Promise<string | undefined> => {
    const now = clock.now()
    const salt = random.secret()
    const successor = successorOf(token, salt)
    const rotation = {
      familyId: family.id,
      oldTokenHash: sha256(token),
      newTokenHash: sha256(successor),
      successorSalt: salt,
      now,
      idleExpiresAt: idleExpiry(now, family.expiresAt),
      purgeAfter: family.expiresAt,
    }
    const isMine = await store.transaction((repositories) =>
      repositories.realm(realm.id).refreshFamilies.rotate(rotation),
    )
    return isMine ? successor : undefined
  }

  const keep = async (realm: Realm, family: RefreshFamily, token: string): Promise<string | undefined> => {
    const now = clock.now()
    const idleExpiresAt = idleExpiry(now, family.expiresAt)
    const use = { familyId: family.id, tokenHash: sha256(token), now, idleExpiresAt }
    return (await realm.store.refreshFamilies.extend(use)) ? token : undefined
  }

  return {
    /** Begins the family of an authorization; call it in the transaction that consumes what allowed it. */
    async open(realmStore: RealmStore, client: Client, granted: Granted, token: string): Promise<void> {
      const now = clock.now()
      const expiresAt = now + params.refresh_token_ttl_secs * 1000
      await realmStore.refreshFamilies.insert({
        id: granted.authorizationId,
        clientId: client.clientId,
        granted,
        currentTokenHash: sha256(token),
        createdAt: now,
        idleExpiresAt: idleExpiry(now, expiresAt),
        expiresAt,
      })
    },

    /** The family of a token, replaced tokens included; undefined for anything that was never one. */
    async findFamily(realm: Realm, token: string): Promise<RefreshFamily | undefined> {
      const { refreshFamilies } = realm.store
      const tokenHash = sha256(token)
      const family = await refreshFamilies.findByToken(tokenHash)
      if (family) return family
      const replaced = await refreshFamilies.findReplaced(tokenHash)
      return replaced && (await refreshFamilies.find(replaced.familyId))
    },

    /**
     * The token that takes the place of `token`, which is itself for a client that keeps it, for exactly one caller and one repeat. Throws invalid_grant, and ends the
     * family when the token had been replaced before.
     */
    async replace(
      realm: Realm,
      client: Client,
      family: RefreshFamily,
      token: string,
      facts: RequestFacts,
    ): Promise<string> {
      const isHead = constantTimeEquals(sha256(token), family.currentTokenHash)
      // OAuth 2.1 §4.3.1 – the loser of a race holds a replaced token like anybody else.
      const successor =
        (isHead && (await (keepsRefreshToken(client) ? keep : rotate)(realm, family, token))) ||
        (await redeemReplaced(realm, client, token, facts))
      if (!successor) throw invalidGrant('the refresh token was replaced, revoked or has expired')
      return successor
    },
  }
}
