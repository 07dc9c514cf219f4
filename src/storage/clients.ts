/** The registered clients of a realm. */
import type { Kysely } from 'kysely'
import type { Client } from '../oauth/client_metadata.ts'
import { fromFlag, isOne, type Page, parseJson, toFlag, toPage } from './rows.ts'
import type { ClientsTable, Schema } from './schema.ts'

const toClient = (row: ClientsTable): Client => ({
  realmId: row.realm_id,
  clientId: row.client_id,
  secretHash: row.secret_hash ?? undefined,
  enabled: fromFlag(row.enabled),
  metadata: parseJson(row.metadata),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const toRow = (client: Client): ClientsTable => ({
  realm_id: client.realmId,
  client_id: client.clientId,
  secret_hash: client.secretHash ?? null,
  metadata: JSON.stringify(client.metadata),
  enabled: toFlag(client.enabled),
  created_at: client.createdAt,
  updated_at: client.updatedAt,
})

export const createClients = (db: Kysely<Schema>, realmId: string) => {
  const inRealm = () => db.selectFrom('clients').selectAll().where('realm_id', '=', realmId)
  return {
    async find(clientId: string): Promise<Client | undefined> {
      const row = await inRealm().where('client_id', '=', clientId).executeTakeFirst()
      return row && toClient(row)
    },

    /** In order of client_id, from after `after`. */
    async list(page: { after?: string | undefined; limit: number }): Promise<Page<Client>> {
      const rows = await inRealm()
        .where('client_id', '>', page.after ?? '')
        .orderBy('client_id')
        .limit(page.limit + 1)
        .execute()
      return toPage(rows.map(toClient), page.limit, (client) => client.clientId)
    },

    /** Throws a duplicate-key error when the client_id is taken. */
    async insert(client: Client): Promise<void> {
      await db
        .insertInto('clients')
        .values({ ...toRow(client), realm_id: realmId })
        .execute()
    },

    /** The whole client as it shall be; false when it is gone. */
    async update(client: Client): Promise<boolean> {
      const { realm_id: _realm, client_id: _id, created_at: _created, ...changes } = toRow(client)
      const result = await db
        .updateTable('clients')
        .set(changes)
        .where('realm_id', '=', realmId)
        .where('client_id', '=', client.clientId)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    async delete(clientId: string): Promise<boolean> {
      const result = await db
        .deleteFrom('clients')
        .where('realm_id', '=', realmId)
        .where('client_id', '=', clientId)
        .executeTakeFirstOrThrow()
      return isOne(result.numDeletedRows)
    },
  }
}

export type Clients = ReturnType<typeof createClients>
