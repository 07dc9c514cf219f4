/** Secrets that a realm made for itself and that all nodes share: one of each purpose. */
import type { Kysely } from 'kysely'
import { isDuplicateKey } from './database.ts'
import type { Schema } from './schema.ts'

/** What it is for: no secret is used for two things. */
export type RealmSecretPurpose = 'dpop_nonce' | 'pairwise' | 'known_device'

export const createRealmSecrets = (db: Kysely<Schema>, realmId: string) => {
  const find = async (purpose: string): Promise<string | undefined> => {
    const row = await db
      .selectFrom('realm_secrets')
      .select('secret')
      .where('realm_id', '=', realmId)
      .where('purpose', '=', purpose)
      .executeTakeFirst()
    return row?.secret
  }

  /** SQLite refuses a duplicate before the row in its way is committed; a write after it is answered only once that is. */
  const awaitCommit = async (purpose: string, now: number): Promise<void> => {
    await db
      .updateTable('realm_secrets')
      .set({ created_at: now })
      .where('realm_id', '=', realmId)
      .where('purpose', '=', purpose)
      .execute()
  }

  return {
    /** The secret of that purpose: the one that is there, or `candidate`, which is then there for all. Not in a transaction. */
    async keep(purpose: RealmSecretPurpose, candidate: string, now: number): Promise<string> {
      const known = await find(purpose)
      if (known !== undefined) return known
      try {
        await db
          .insertInto('realm_secrets')
          .values({ realm_id: realmId, purpose, secret: candidate, created_at: now })
          .execute()
        return candidate
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        await awaitCommit(purpose, now)
        const winner = await find(purpose)
        if (winner === undefined) throw error
        return winner
      }
    },
  }
}
