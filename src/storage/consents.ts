/** What a person has allowed a client before, so that the same question is not asked twice. */
import type { Kysely } from 'kysely'
import { isDuplicateKey } from './database.ts'
import { parseJson } from './rows.ts'
import type { Schema } from './schema.ts'

export const createConsents = (db: Kysely<Schema>, realmId: string) => {
  const update = async (userId: string, clientId: string, scopes: string[], now: number): Promise<bigint> => {
    const result = await db
      .updateTable('consents')
      .set({ scopes: JSON.stringify(scopes), granted_at: now })
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .executeTakeFirstOrThrow()
    return result.numUpdatedRows
  }
  return {
    /** The scopes allowed so far; empty when there is no consent. */
    async findScopes(userId: string, clientId: string): Promise<string[]> {
      const row = await db
        .selectFrom('consents')
        .select('scopes')
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return row ? parseJson(row.scopes) : []
    },

    /** Replaces what was allowed before. Not for use inside a transaction: PostgreSQL ends one at a duplicate key. */
    async save(userId: string, clientId: string, scopes: string[], now: number): Promise<void> {
      if ((await update(userId, clientId, scopes, now)) > 0n) return
      try {
        await db
          .insertInto('consents')
          .values({
            realm_id: realmId,
            user_id: userId,
            client_id: clientId,
            scopes: JSON.stringify(scopes),
            granted_at: now,
          })
          .execute()
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        await update(userId, clientId, scopes, now)
      }
    },

    async delete(userId: string, clientId: string): Promise<void> {
      await db
        .deleteFrom('consents')
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .execute()
    },
  }
}
