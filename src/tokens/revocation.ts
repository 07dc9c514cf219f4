/** RFC 7009 §2.1, OAuth 2.1 §7.5.3 – the end of everything that was issued from one authorization. */
import type { OauthParams } from '../config/schema.ts'
import type { RealmStore } from '../storage/store.ts'
import type { Milliseconds } from '../system/clock.ts'

/** A lifetime may have been longer when the token was issued than it is now. */
const LEAST_REMEMBERED_SECONDS = 86_400

/** Until when a revocation has to be known: the access tokens it is about expire by themselves. */
export const revocationPurgeAfter = (
  params: OauthParams,
  clientTtl: number | undefined,
  now: Milliseconds,
): Milliseconds => now + Math.max(params.access_token_ttl_secs, clientTtl ?? 0, LEAST_REMEMBERED_SECONDS) * 1000

export type AuthorizationRevocation = {
  authorizationId: string
  reason: string
  now: Milliseconds
  purgeAfter: Milliseconds
}

/**
 * Ends the refresh token family of the authorization and its access tokens. Call it in a transaction. True for the caller
 * that ended it; after `false` nothing may follow in the transaction, because on PostgreSQL a lost race has ended that.
 */
export const revokeAuthorization = async (
  store: Pick<RealmStore, 'refreshFamilies' | 'revocations'>,
  { authorizationId, reason, now, purgeAfter }: AuthorizationRevocation,
): Promise<boolean> => {
  await store.refreshFamilies.revoke(authorizationId, reason, now)
  return await store.revocations.remember({ id: authorizationId, reason, now, purgeAfter })
}
