/** RFC 6749 §1.4 – access tokens that are an identifier only, by their hash. */
import type { Kysely } from 'kysely'
import { parseJson } from './rows.ts'
import type { Schema } from './schema.ts'

export type OpaqueToken = {
  tokenHash: string
  /** As a JWT access token would say them. */
  claims: object
  createdAt: number
  expiresAt: number
}

export const createOpaqueTokens = (db: Kysely<Schema>, realmId: string) => ({
  async insert({ tokenHash, claims, createdAt, expiresAt }: OpaqueToken): Promise<void> {
    await db
      .insertInto('opaque_tokens')
      .values({
        token_hash: tokenHash,
        realm_id: realmId,
        claims: JSON.stringify(claims),
        created_at: createdAt,
        expires_at: expiresAt,
      })
      .execute()
  },

  /** What the token says, while it has not expired. */
  async find(tokenHash: string, now: number): Promise<object | undefined> {
    const row = await db
      .selectFrom('opaque_tokens')
      .select('claims')
      .where('token_hash', '=', tokenHash)
      .where('realm_id', '=', realmId)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row && parseJson(row.claims)
  },
})
