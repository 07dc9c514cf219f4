/** The keys that a realm signs its tokens with, and those whose tokens are still about. */
import type { Kysely } from 'kysely'
import { isDuplicateKey } from './database.ts'
import { parseJson } from './rows.ts'
import type { Schema, SigningKeysTable } from './schema.ts'

export type SigningKeyRecord = {
  kid: string
  alg: string
  state: 'active' | 'retired'
  publicJwk: Record<string, unknown>
  privateJwk: Record<string, unknown>
  createdAt: number
}

const toRecord = (row: SigningKeysTable): SigningKeyRecord => ({
  kid: row.kid,
  alg: row.alg,
  state: row.state as SigningKeyRecord['state'],
  publicJwk: parseJson(row.public_jwk),
  privateJwk: parseJson(row.private_jwk),
  createdAt: row.created_at,
})

export const createSigningKeys = (db: Kysely<Schema>, realmId: string) => ({
  /** Oldest first. */
  async list(): Promise<SigningKeyRecord[]> {
    const rows = await db
      .selectFrom('signing_keys')
      .selectAll()
      .where('realm_id', '=', realmId)
      .orderBy('created_at')
      .orderBy('kid')
      .execute()
    return rows.map(toRecord)
  },

  /** False when the realm already has an active key of this algorithm: another caller was first. Not in a transaction. */
  async insertActive(key: Omit<SigningKeyRecord, 'state'>): Promise<boolean> {
    try {
      await db
        .insertInto('signing_keys')
        .values({
          kid: key.kid,
          realm_id: realmId,
          alg: key.alg,
          state: 'active',
          active_slot: 'active',
          public_jwk: JSON.stringify(key.publicJwk),
          private_jwk: JSON.stringify(key.privateJwk),
          created_at: key.createdAt,
          updated_at: key.createdAt,
        })
        .execute()
      return true
    } catch (error) {
      if (isDuplicateKey(error)) return false
      throw error
    }
  },
})
