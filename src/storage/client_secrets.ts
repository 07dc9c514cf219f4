/** OpenID Connect Core §9: the secrets of clients that sign with theirs, one a client, sealed. */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { Schema } from './schema.ts'

export const createClientSecrets = (db: Kysely<Schema>, realmId: string) => {
  const remove = (clientId: string) =>
    db.deleteFrom('client_secrets').where('realm_id', '=', realmId).where('client_id', '=', clientId).execute()

  return {
    /** See keys/sealing.ts. */
    async find(clientId: string): Promise<string | undefined> {
      const row = await db
        .selectFrom('client_secrets')
        .select('sealed_secret')
        .where('realm_id', '=', realmId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return row?.sealed_secret
    },

    /** In place of the one there was, if any. Inside a transaction. */
    async replace(clientId: string, sealedSecret: string, now: number): Promise<void> {
      await remove(clientId)
      await db
        .insertInto('client_secrets')
        .values({ realm_id: realmId, client_id: clientId, sealed_secret: sealedSecret, created_at: now })
        .execute()
    },

    /** The same secret under another key; false when it is another secret by now. */
    async reseal(clientId: string, from: string, to: string): Promise<boolean> {
      const result = await db
        .updateTable('client_secrets')
        .set({ sealed_secret: to })
        .where('realm_id', '=', realmId)
        .where('client_id', '=', clientId)
        .where('sealed_secret', '=', from)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** Whether or not there is one. */
    async delete(clientId: string): Promise<void> {
      await remove(clientId)
    },
  }
}
