/** RFC 6238 §5.2: the secrets of authenticator apps, one a user, sealed. A code counts once. */
import type { Kysely } from 'kysely'
import type { AuthParams } from '../oauth/realm_settings.ts'
import { isOne } from './rows.ts'
import type { Schema, TotpCredentialsTable } from './schema.ts'

export type TotpAlgorithm = NonNullable<AuthParams['totp_params']>['algorithm']

export type TotpCredential = {
  userId: string
  /** See keys/sealing.ts. */
  sealedSecret: string
  algorithm: TotpAlgorithm
  /** Seconds that a code is shown. */
  step: number
  /** The time step of the last code that was accepted, counted since the epoch. */
  lastStep: number | undefined
  createdAt: number
}

const toCredential = (row: TotpCredentialsTable): TotpCredential => ({
  userId: row.user_id,
  sealedSecret: row.sealed_secret,
  algorithm: row.algorithm as TotpAlgorithm,
  step: row.step,
  lastStep: row.last_step ?? undefined,
  createdAt: row.created_at,
})

export const createTotpCredentials = (db: Kysely<Schema>, realmId: string) => {
  const ofUser = (userId: string) =>
    db.updateTable('totp_credentials').where('realm_id', '=', realmId).where('user_id', '=', userId)
  return {
    async find(userId: string): Promise<TotpCredential | undefined> {
      const row = await db
        .selectFrom('totp_credentials')
        .selectAll()
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return row && toCredential(row)
    },

    /** Those of the users who have one. */
    async listUserIds(userIds: readonly string[]): Promise<Set<string>> {
      if (userIds.length === 0) return new Set()
      const rows = await db
        .selectFrom('totp_credentials')
        .select('user_id')
        .where('realm_id', '=', realmId)
        .where('user_id', 'in', userIds)
        .execute()
      return new Set(rows.map((row) => row.user_id))
    },

    /** Throws a duplicate-key error when the user has one. */
    async insert(credential: TotpCredential): Promise<void> {
      await db
        .insertInto('totp_credentials')
        .values({
          realm_id: realmId,
          user_id: credential.userId,
          sealed_secret: credential.sealedSecret,
          algorithm: credential.algorithm,
          step: credential.step,
          last_step: credential.lastStep ?? null,
          created_at: credential.createdAt,
        })
        .execute()
    },

    /** True for exactly one caller of this step, and for none of an earlier one. */
    async consumeStep(userId: string, step: number): Promise<boolean> {
      const result = await ofUser(userId)
        .where((eb) => eb.or([eb('last_step', 'is', null), eb('last_step', '<', step)]))
        .set({ last_step: step })
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** The same secret under another key; false when it is another secret by now. */
    async reseal(userId: string, from: string, to: string): Promise<boolean> {
      const result = await ofUser(userId)
        .where('sealed_secret', '=', from)
        .set({ sealed_secret: to })
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** With its recovery codes; false when there is none. */
    async delete(userId: string): Promise<boolean> {
      const result = await db
        .deleteFrom('totp_credentials')
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow()
      return isOne(result.numDeletedRows)
    },
  }
}
