/** RFC 6749 §4.1.2 – authorization codes: single use, short-lived, stored as SHA-256. */
import type { Kysely } from 'kysely'
import type { Granted } from '../oauth/granted.ts'
import { isOne, parseJson } from './rows.ts'
import type { AuthorizationCodesTable, Schema } from './schema.ts'

export type AuthorizationCode = {
  codeHash: string
  clientId: string
  granted: Granted
  failedAttempts: number
  createdAt: number
  expiresAt: number
  usedAt: number | undefined
}

const toCode = (row: AuthorizationCodesTable): AuthorizationCode => ({
  codeHash: row.code_hash,
  clientId: row.client_id,
  granted: parseJson(row.granted),
  failedAttempts: row.failed_attempts,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  usedAt: row.used_at ?? undefined,
})

export const createAuthorizationCodes = (db: Kysely<Schema>, realmId: string) => ({
  async insert(
    code: Pick<AuthorizationCode, 'codeHash' | 'clientId' | 'granted' | 'createdAt' | 'expiresAt'> & {
      purgeAfter: number
    },
  ): Promise<void> {
    await db
      .insertInto('authorization_codes')
      .values({
        code_hash: code.codeHash,
        realm_id: realmId,
        client_id: code.clientId,
        user_id: code.granted.userId,
        authorization_id: code.granted.authorizationId,
        granted: JSON.stringify(code.granted),
        failed_attempts: 0,
        created_at: code.createdAt,
        expires_at: code.expiresAt,
        used_at: null,
        purge_after: code.purgeAfter,
      })
      .execute()
  },

  /** Used and expired ones too: a replay is told from a guess by its row. */
  async find(codeHash: string): Promise<AuthorizationCode | undefined> {
    const row = await db
      .selectFrom('authorization_codes')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('code_hash', '=', codeHash)
      .executeTakeFirst()
    return row && toCode(row)
  },

  /** True for exactly one caller, and only while the code lives and fewer than `maxFailures` attempts failed. */
  async consume(codeHash: string, now: number, maxFailures: number): Promise<boolean> {
    const result = await db
      .updateTable('authorization_codes')
      .set({ used_at: now })
      .where('realm_id', '=', realmId)
      .where('code_hash', '=', codeHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .where('failed_attempts', '<', maxFailures)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** A wrong verifier from the right client: after a few the code is dead, so that it cannot be guessed at. */
  async countFailure(codeHash: string): Promise<void> {
    await db
      .updateTable('authorization_codes')
      .set((eb) => ({ failed_attempts: eb('failed_attempts', '+', 1) }))
      .where('realm_id', '=', realmId)
      .where('code_hash', '=', codeHash)
      .execute()
  },
})
