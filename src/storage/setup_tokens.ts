/** The one-time link that lets a person create the first administrator in a browser. */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { Schema } from './schema.ts'

export const createSetupTokens = (db: Kysely<Schema>) => ({
  /** Replaces every earlier link: only the one printed last works. */
  async replace(tokenHash: string, now: number, expiresAt: number): Promise<void> {
    await db.deleteFrom('setup_tokens').execute()
    await db
      .insertInto('setup_tokens')
      .values({ token_hash: tokenHash, created_at: now, expires_at: expiresAt, used_at: null })
      .execute()
  },

  async isLive(tokenHash: string, now: number): Promise<boolean> {
    const row = await db
      .selectFrom('setup_tokens')
      .select('token_hash')
      .where('token_hash', '=', tokenHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row !== undefined
  },

  /** True for exactly one caller. */
  async consume(tokenHash: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('setup_tokens')
      .set({ used_at: now })
      .where('token_hash', '=', tokenHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },
})
