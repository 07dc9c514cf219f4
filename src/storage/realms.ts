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

type RealmRow = RealmsTable & { version: number | null }

const toRealm = (row: RealmRow): RealmRecord => ({
  id: row.id,
  settings: parseJson(row.settings),
  version: row.version ?? 0,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export const createRealms = (db: Kysely<Schema>) => {
  const withVersion = () =>
    db
      .selectFrom('realms')
      .leftJoin('realm_versions', 'realm_versions.realm_id', 'realms.id')
      .selectAll('realms')
      .select('realm_versions.version')

  const bumpVersion = async (id: string): Promise<void> => {
    const result = await db
      .updateTable('realm_versions')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('realm_id', '=', id)
      .executeTakeFirstOrThrow()
    if (!isOne(result.numUpdatedRows))
      await db.insertInto('realm_versions').values({ realm_id: id, version: 1 }).execute()
  }

  return {
    async find(id: string): Promise<RealmRecord | undefined> {
      const row = await withVersion().where('realms.id', '=', id).executeTakeFirst()
      return row && toRealm(row)
    },

    async findVersion(id: string): Promise<number | undefined> {
      const row = await db.selectFrom('realm_versions').select('version').where('realm_id', '=', id).executeTakeFirst()
      return row?.version
    },

    /** In order of id, from after `after`. */
    async list(page: { after?: string | undefined; limit: number }): Promise<Page<RealmRecord>> {
      const rows = await withVersion()
        .where('realms.id', '>', page.after ?? '')
        .orderBy('realms.id')
        .limit(page.limit + 1)
        .execute()
      return toPage(rows.map(toRealm), page.limit, (realm) => realm.id)
    },

    /** Throws a duplicate-key error when the id is taken. Call it in a transaction. */
    async insert(realm: { id: string; settings: RealmSettings; now: number }): Promise<void> {
      await db
        .insertInto('realms')
        .values({
          id: realm.id,
          settings: JSON.stringify(realm.settings),
          created_at: realm.now,
          updated_at: realm.now,
        })
        .execute()
      await bumpVersion(realm.id)
      await db
        .insertInto('audit_chains')
        .values({ realm_id: realm.id, sequence: 0, removed_through: 0, removed_hash: null })
        .execute()
    },

    /** Call it in a transaction. */
    async update(id: string, settings: RealmSettings, now: number): Promise<boolean> {
      const result = await db
        .updateTable('realms')
        .set({ settings: JSON.stringify(settings), updated_at: now })
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      if (!isOne(result.numUpdatedRows)) return false
      await bumpVersion(id)
      return true
    },

    /** Everything in the realm goes with it, by the foreign keys. */
    async delete(id: string): Promise<boolean> {
      const result = await db.deleteFrom('realms').where('id', '=', id).executeTakeFirstOrThrow()
      return isOne(result.numDeletedRows)
    },

    /** Tells every node that something cached of this realm has changed; call it in the transaction of the change. */
    bumpVersion,
  }
}
