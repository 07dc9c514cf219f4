/** RFC 9126 – authorization requests that a client pushed, until their authorization completes. */
import type { Kysely } from 'kysely'
import { isOne, parseJson } from './rows.ts'
import type { PushedRequestsTable, Schema } from './schema.ts'

export type PushedRequest = {
  referenceHash: string
  clientId: string
  parameters: Record<string, string>
  createdAt: number
  expiresAt: number
  completedAt: number | undefined
}

const toPushedRequest = (row: PushedRequestsTable): PushedRequest => ({
  referenceHash: row.reference_hash,
  clientId: row.client_id,
  parameters: parseJson(row.parameters),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  completedAt: row.completed_at ?? undefined,
})

export const createPushedRequests = (db: Kysely<Schema>, realmId: string) => ({
  async insert(request: Omit<PushedRequest, 'completedAt'>): Promise<void> {
    await db
      .insertInto('pushed_requests')
      .values({
        reference_hash: request.referenceHash,
        realm_id: realmId,
        client_id: request.clientId,
        parameters: JSON.stringify(request.parameters),
        created_at: request.createdAt,
        expires_at: request.expiresAt,
        completed_at: null,
      })
      .execute()
  },

  /** Completed and expired ones too: the caller decides what each means. */
  async find(referenceHash: string): Promise<PushedRequest | undefined> {
    const row = await db
      .selectFrom('pushed_requests')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('reference_hash', '=', referenceHash)
      .executeTakeFirst()
    return row && toPushedRequest(row)
  },

  /** How many of the client's requests are waiting: RFC 9126 §7 leaves the bound to us. */
  async countOpen(clientId: string, now: number): Promise<number> {
    const row = await db
      .selectFrom('pushed_requests')
      .select((eb) => eb.fn.countAll<number>().as('open'))
      .where('realm_id', '=', realmId)
      .where('client_id', '=', clientId)
      .where('expires_at', '>', now)
      .where('completed_at', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(row.open)
  },

  /**
   * True for exactly one caller. RFC 9126 §4 – a request_uri is used once; the visit before completion does not count.
   * Its lifetime bounds the first visit only, so it is not asked here.
   */
  async consume(referenceHash: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('pushed_requests')
      .set({ completed_at: now })
      .where('realm_id', '=', realmId)
      .where('reference_hash', '=', referenceHash)
      .where('completed_at', 'is', null)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },
})

export type PushedRequests = ReturnType<typeof createPushedRequests>
