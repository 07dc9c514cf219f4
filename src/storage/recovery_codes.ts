/** The codes of last resort beside a user's authenticator app: by their hash alone, and each once. */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { Schema } from './schema.ts'

export const createRecoveryCodes = (db: Kysely<Schema>, realmId: string) => ({
  /** In place of all that the user had. Call it in a transaction. */
  async replace(userId: string, codeHashes: readonly string[], now: number): Promise<void> {
    await db.deleteFrom('recovery_codes').where('realm_id', '=', realmId).where('user_id', '=', userId).execute()
    const rows = codeHashes.map((codeHash) => ({
      realm_id: realmId,
      user_id: userId,
      code_hash: codeHash,
      created_at: now,
      used_at: null,
    }))
    await db.insertInto('recovery_codes').values(rows).execute()
  },

  /** True for exactly one caller. */
  async consume(userId: string, codeHash: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('recovery_codes')
      .set({ used_at: now })
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('code_hash', '=', codeHash)
      .where('used_at', 'is', null)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  async countUnused(userId: string): Promise<number> {
    const rows = await db
      .selectFrom('recovery_codes')
      .select('code_hash')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('used_at', 'is', null)
      .execute()
    return rows.length
  },
})
