/**
 * OAuth 2.1 §4.3.1 – refresh token families. The family row names its one live token, so two heads cannot exist; tokens that
 * were replaced stay as evidence until the family is over.
 *
 * A replaced token's row holds a random salt. The successor is HMAC(replaced token, salt), so a client that lost the
 * response and presents the old token again gets the same successor, while neither the database nor an old token alone
 * gives it.
 */
import type { Kysely } from 'kysely'
import type { Granted } from '../oauth/granted.ts'
import { isOne, parseJson } from './rows.ts'
import type { RefreshFamiliesTable, Schema } from './schema.ts'

export type RefreshFamily = {
  /** The authorization's own id: one authorization has at most one family. */
  id: string
  clientId: string
  granted: Granted
  currentTokenHash: string
  createdAt: number
  rotatedAt: number
  idleExpiresAt: number
  expiresAt: number
  revokedAt: number | undefined
  revokeReason: string | undefined
}

export type ReplacedRefreshToken = {
  tokenHash: string
  familyId: string
  successorSalt: string
  replacedAt: number
  retriedAt: number | undefined
}

const toFamily = (row: RefreshFamiliesTable): RefreshFamily => ({
  id: row.id,
  clientId: row.client_id,
  granted: parseJson(row.granted),
  currentTokenHash: row.current_token_hash,
  createdAt: row.created_at,
  rotatedAt: row.rotated_at,
  idleExpiresAt: row.idle_expires_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at ?? undefined,
  revokeReason: row.revoke_reason ?? undefined,
})

export const createRefreshFamilies = (db: Kysely<Schema>, realmId: string) => {
  const families = () => db.selectFrom('refresh_families').selectAll().where('realm_id', '=', realmId)
  return {
    async insert(
      family: Pick<
        RefreshFamily,
        'id' | 'clientId' | 'granted' | 'currentTokenHash' | 'createdAt' | 'idleExpiresAt' | 'expiresAt'
      >,
    ): Promise<void> {
      await db
        .insertInto('refresh_families')
        .values({
          id: family.id,
          realm_id: realmId,
          client_id: family.clientId,
          user_id: family.granted.userId,
          session_id: family.granted.sessionId ?? null,
          granted: JSON.stringify(family.granted),
          current_token_hash: family.currentTokenHash,
          created_at: family.createdAt,
          rotated_at: family.createdAt,
          idle_expires_at: family.idleExpiresAt,
          expires_at: family.expiresAt,
          revoked_at: null,
          revoke_reason: null,
        })
        .execute()
    },

    async find(id: string): Promise<RefreshFamily | undefined> {
      const row = await families().where('id', '=', id).executeTakeFirst()
      return row && toFamily(row)
    },

    /** By its live token; revoked and expired families too. */
    async findByToken(tokenHash: string): Promise<RefreshFamily | undefined> {
      const row = await families().where('current_token_hash', '=', tokenHash).executeTakeFirst()
      return row && toFamily(row)
    },

    async findReplaced(tokenHash: string): Promise<ReplacedRefreshToken | undefined> {
      const row = await db
        .selectFrom('replaced_refresh_tokens')
        .selectAll()
        .where('realm_id', '=', realmId)
        .where('token_hash', '=', tokenHash)
        .executeTakeFirst()
      return (
        row && {
          tokenHash: row.token_hash,
          familyId: row.family_id,
          successorSalt: row.successor_salt,
          replacedAt: row.replaced_at,
          retriedAt: row.retried_at ?? undefined,
        }
      )
    },

    /**
     * True for exactly one caller of those that hold the live token. Call it in a transaction: the head and the evidence
     * change together.
     */
    async rotate(rotation: {
      familyId: string
      oldTokenHash: string
      newTokenHash: string
      successorSalt: string
      now: number
      idleExpiresAt: number
      purgeAfter: number
    }): Promise<boolean> {
      const result = await db
        .updateTable('refresh_families')
        .set({
          current_token_hash: rotation.newTokenHash,
          rotated_at: rotation.now,
          idle_expires_at: rotation.idleExpiresAt,
        })
        .where('realm_id', '=', realmId)
        .where('id', '=', rotation.familyId)
        .where('current_token_hash', '=', rotation.oldTokenHash)
        .where('revoked_at', 'is', null)
        .where('idle_expires_at', '>', rotation.now)
        .where('expires_at', '>', rotation.now)
        .executeTakeFirstOrThrow()
      if (!isOne(result.numUpdatedRows)) return false
      await db
        .insertInto('replaced_refresh_tokens')
        .values({
          token_hash: rotation.oldTokenHash,
          realm_id: realmId,
          family_id: rotation.familyId,
          successor_salt: rotation.successorSalt,
          replaced_at: rotation.now,
          retried_at: null,
          purge_after: rotation.purgeAfter,
        })
        .execute()
      return true
    },

    /** The live token stays, and lives on. False when it is not the live one any more, or over. */
    async extend(use: { familyId: string; tokenHash: string; now: number; idleExpiresAt: number }): Promise<boolean> {
      const result = await db
        .updateTable('refresh_families')
        .set({ idle_expires_at: use.idleExpiresAt })
        .where('realm_id', '=', realmId)
        .where('id', '=', use.familyId)
        .where('current_token_hash', '=', use.tokenHash)
        .where('revoked_at', 'is', null)
        .where('idle_expires_at', '>', use.now)
        .where('expires_at', '>', use.now)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** True for exactly one caller: the one repeat that a lost response is allowed, only when it was replaced at `replacedNotBefore` or later. */
    async consumeRetry(tokenHash: string, now: number, replacedNotBefore: number): Promise<boolean> {
      const result = await db
        .updateTable('replaced_refresh_tokens')
        .set({ retried_at: now })
        .where('realm_id', '=', realmId)
        .where('token_hash', '=', tokenHash)
        .where('retried_at', 'is', null)
        .where('replaced_at', '>=', replacedNotBefore)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** True for the caller that revoked it; false when it was revoked before or is unknown. */
    async revoke(id: string, reason: string, now: number): Promise<boolean> {
      const result = await db
        .updateTable('refresh_families')
        .set({ revoked_at: now, revoke_reason: reason })
        .where('realm_id', '=', realmId)
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** Everything that was issued to any client on the user's behalf. */
    async revokeByUser(userId: string, reason: string, now: number): Promise<void> {
      await db
        .updateTable('refresh_families')
        .set({ revoked_at: now, revoke_reason: reason })
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .execute()
    },
  }
}
