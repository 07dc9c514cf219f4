/** Realms: the rows that hold a tenant's policy and the version that tells other nodes of a change. */
import type { Kysely } from 'kysely'
import type { RealmSettings } from '../oauth/realm_settings.ts'
import { isOne, type Page, parseJson, toPage } from './rows.ts'
import type { RealmsTable, Schema } from './schema.ts'

export type RealmRecord = {
  id: string
  settings: RealmSettings
  version: number
  createdAt: number
  updatedAt: number
}

const toRealm = (row: RealmsTable): RealmRecord => ({
  id: row.id,
  settings: parseJson(row.settings),
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export const createRealms = (db: Kysely<Schema>) => ({
  async find(id: string): Promise<RealmRecord | undefined> {
    const row = await db.selectFrom('realms').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toRealm(row)
  },

  async findVersion(id: string): Promise<number | undefined> {
    const row = await db.selectFrom('realms').select('version').where('id', '=', id).executeTakeFirst()
    return row?.version
  },

  /** In order of id, from after `after`. */
  async list(page: { after?: string | undefined; limit: number }): Promise<Page<RealmRecord>> {
    const rows = await db
      .selectFrom('realms')
      .selectAll()
      .where('id', '>', page.after ?? '')
      .orderBy('id')
      .limit(page.limit + 1)
      .execute()
    return toPage(rows.map(toRealm), page.limit, (realm) => realm.id)
  },

  /** Throws a duplicate-key error when the id is taken. */
  async insert(realm: { id: string; settings: RealmSettings; now: number }): Promise<void> {
    await db
      .insertInto('realms')
      .values({
        id: realm.id,
        settings: JSON.stringify(realm.settings),
        version: 1,
        created_at: realm.now,
        updated_at: realm.now,
      })
      .execute()
  },

  async update(id: string, settings: RealmSettings, now: number): Promise<boolean> {
    const result = await db
      .updateTable('realms')
      .set((eb) => ({ settings: JSON.stringify(settings), version: eb('version', '+', 1), updated_at: now }))
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** Everything in the realm goes with it, by the foreign keys. */
  async delete(id: string): Promise<boolean> {
    const result = await db.deleteFrom('realms').where('id', '=', id).executeTakeFirstOrThrow()
    return isOne(result.numDeletedRows)
  },

  /** Tells every node that something cached of this realm has changed; call it in the transaction of the change. */
  async bumpVersion(id: string): Promise<void> {
    await db
      .updateTable('realms')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .execute()
  },
})

export type Realms = ReturnType<typeof createRealms>
