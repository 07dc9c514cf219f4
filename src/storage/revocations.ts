/** RFC 7009 – access tokens that ended before their time, by `jti` or by the authorization they were issued from. */
import type { Kysely } from 'kysely'
import { isDuplicateKey } from './database.ts'
import type { Schema } from './schema.ts'

export const createRevocations = (db: Kysely<Schema>, realmId: string) => {
  const isRevoked = async (ids: string[]): Promise<boolean> => {
    if (ids.length === 0) return false
    const row = await db
      .selectFrom('revocations')
      .select('id')
      .where('realm_id', '=', realmId)
      .where('id', 'in', ids)
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }
  return {
    /** True when any of the ids is revoked. */
    isRevoked,

    /**
     * True for the caller that revoked it, false when it was revoked before. Looks first, because a duplicate key would
     * end a PostgreSQL transaction; a caller outside a transaction that loses the race gets false as well.
     */
    async remember(revocation: { id: string; reason: string; now: number; purgeAfter: number }): Promise<boolean> {
      if (await isRevoked([revocation.id])) return false
      try {
        await db
          .insertInto('revocations')
          .values({
            realm_id: realmId,
            id: revocation.id,
            reason: revocation.reason,
            revoked_at: revocation.now,
            purge_after: revocation.purgeAfter,
          })
          .execute()
        return true
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    },
  }
}
