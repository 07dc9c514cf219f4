/** An authorization request that waits for a person: to sign in, to allow, to choose. Bound to one browser. */
import type { Kysely } from 'kysely'
import { isOne, parseJson } from './rows.ts'
import type { InteractionsTable, Schema } from './schema.ts'

export type Interaction = {
  id: string
  realmId: string
  clientId: string
  browserHash: string
  parameters: Record<string, string>
  pushedRequestHash: string | undefined
  authenticatedAt: number | undefined
  /** What was proved here before the code: see endpoints/interaction/pending_login.ts. */
  firstFactor: string | undefined
  createdAt: number
  expiresAt: number
  completedAt: number | undefined
}

const toInteraction = (row: InteractionsTable): Interaction => ({
  id: row.id,
  realmId: row.realm_id,
  clientId: row.client_id,
  browserHash: row.browser_hash,
  parameters: parseJson(row.parameters),
  pushedRequestHash: row.pushed_request_hash ?? undefined,
  authenticatedAt: row.authenticated_at ?? undefined,
  firstFactor: row.first_factor ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  completedAt: row.completed_at ?? undefined,
})

export const createInteractions = (db: Kysely<Schema>, realmId: string) => ({
  async insert(
    interaction: Omit<Interaction, 'realmId' | 'authenticatedAt' | 'firstFactor' | 'completedAt'>,
  ): Promise<void> {
    await db
      .insertInto('interactions')
      .values({
        id: interaction.id,
        realm_id: realmId,
        client_id: interaction.clientId,
        browser_hash: interaction.browserHash,
        parameters: JSON.stringify(interaction.parameters),
        pushed_request_hash: interaction.pushedRequestHash ?? null,
        authenticated_at: null,
        first_factor: null,
        created_at: interaction.createdAt,
        expires_at: interaction.expiresAt,
        completed_at: null,
      })
      .execute()
  },

  /** Open or completed alike; undefined when unknown or past its time. */
  async find(id: string, now: number): Promise<Interaction | undefined> {
    const row = await db
      .selectFrom('interactions')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row && toInteraction(row)
  },

  /** What was proved before is used up by it. False when the interaction is over. */
  async markAuthenticated(id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('interactions')
      .set({ authenticated_at: now, first_factor: null })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('completed_at', 'is', null)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** In place of what was there; `undefined` forgets. False when the interaction is over. */
  async rememberFirstFactor(id: string, firstFactor: string | undefined, now: number): Promise<boolean> {
    const result = await db
      .updateTable('interactions')
      .set({ first_factor: firstFactor ?? null })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('completed_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** True for exactly one caller: the one that may answer the client. */
  async consume(id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('interactions')
      .set({ completed_at: now })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('completed_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },
})

export type Interactions = ReturnType<typeof createInteractions>
