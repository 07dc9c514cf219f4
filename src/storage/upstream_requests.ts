/** A sign-in at an identity provider that is under way: of one interaction, at one provider, answered once. */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { Schema, UpstreamRequestsTable } from './schema.ts'

export type UpstreamRequest = {
  stateHash: string
  interactionId: string
  /** The provider that was asked: no other one may answer. */
  issuer: string
  createdAt: number
  expiresAt: number
}

const toUpstreamRequest = (row: UpstreamRequestsTable): UpstreamRequest => ({
  stateHash: row.state_hash,
  interactionId: row.interaction_id,
  issuer: row.issuer,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

export const createUpstreamRequests = (db: Kysely<Schema>, realmId: string) => ({
  /** In place of those that the interaction has: one browser cannot fill the table. */
  async replace(request: UpstreamRequest): Promise<void> {
    await db
      .deleteFrom('upstream_requests')
      .where('realm_id', '=', realmId)
      .where('interaction_id', '=', request.interactionId)
      .execute()
    await db
      .insertInto('upstream_requests')
      .values({
        realm_id: realmId,
        state_hash: request.stateHash,
        interaction_id: request.interactionId,
        issuer: request.issuer,
        created_at: request.createdAt,
        expires_at: request.expiresAt,
      })
      .execute()
  },

  async find(stateHash: string, now: number): Promise<UpstreamRequest | undefined> {
    const row = await db
      .selectFrom('upstream_requests')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('state_hash', '=', stateHash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row && toUpstreamRequest(row)
  },

  /** True for exactly one caller. */
  async consume(stateHash: string, now: number): Promise<boolean> {
    const result = await db
      .deleteFrom('upstream_requests')
      .where('realm_id', '=', realmId)
      .where('state_hash', '=', stateHash)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return isOne(result.numDeletedRows)
  },
})
