/** API keys, by their public id; of the secret only the hash is kept. */
import type { Kysely } from 'kysely'
import { isOne, type Page, parseJson, toPage } from './rows.ts'
import type { ApiKeysTable, Schema } from './schema.ts'

export type ApiKey = {
  id: string
  realmId: string
  secretHash: string
  name: string
  /** Administrators' roles; only for keys of the administrators' realm. */
  roles: string[]
  scopes: string[]
  /** Who made it; undefined for an operator at the machine. */
  createdBy: string | undefined
  createdAt: number
  expiresAt: number | undefined
  lastUsedAt: number | undefined
  revokedAt: number | undefined
}

const toApiKey = (row: ApiKeysTable): ApiKey => ({
  id: row.id,
  realmId: row.realm_id,
  secretHash: row.secret_hash,
  name: row.name,
  roles: parseJson(row.roles),
  scopes: parseJson(row.scopes),
  createdBy: row.created_by ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  lastUsedAt: row.last_used_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
})

/** Of whatever realm: the key itself says whose it is. */
export const createAnyApiKeys = (db: Kysely<Schema>) => ({
  async find(id: string): Promise<ApiKey | undefined> {
    const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toApiKey(row)
  },

  /** That it was used now; at most one write for each time that `notSince` lies behind. */
  async touch(id: string, { now, notSince }: { now: number; notSince: number }): Promise<void> {
    await db
      .updateTable('api_keys')
      .set({ last_used_at: now })
      .where('id', '=', id)
      .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', notSince)]))
      .execute()
  },
})

export const createApiKeys = (db: Kysely<Schema>, realmId: string) => ({
  async insert(key: Omit<ApiKey, 'realmId' | 'lastUsedAt' | 'revokedAt'>): Promise<void> {
    await db
      .insertInto('api_keys')
      .values({
        id: key.id,
        realm_id: realmId,
        secret_hash: key.secretHash,
        name: key.name,
        roles: JSON.stringify(key.roles),
        scopes: JSON.stringify(key.scopes),
        created_by: key.createdBy ?? null,
        created_at: key.createdAt,
        expires_at: key.expiresAt ?? null,
        last_used_at: null,
        revoked_at: null,
      })
      .execute()
  },

  async find(id: string): Promise<ApiKey | undefined> {
    const row = await db
      .selectFrom('api_keys')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .executeTakeFirst()
    return row && toApiKey(row)
  },

  /** In order of id, from after `after`. */
  async list(page: { after?: string | undefined; limit: number }): Promise<Page<ApiKey>> {
    const rows = await db
      .selectFrom('api_keys')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('id', '>', page.after ?? '')
      .orderBy('id')
      .limit(page.limit + 1)
      .execute()
    return toPage(rows.map(toApiKey), page.limit, ({ id }) => id)
  },

  /** Another secret instead of that one; false when the key is revoked or gone, or was given another one meanwhile. */
  async rotate(id: string, { before, after }: { before: string; after: string }): Promise<boolean> {
    const result = await db
      .updateTable('api_keys')
      .set({ secret_hash: after })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('secret_hash', '=', before)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** True for the caller that revoked it. */
  async revoke(id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('api_keys')
      .set({ revoked_at: now })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },
})
