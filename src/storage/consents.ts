/** What a person has allowed a client before, so that the same question is not asked twice. */
import type { Kysely } from 'kysely'
import type { AuthorizationDetail } from '../oauth/authorization_details.ts'
import { isDuplicateKey } from './database.ts'
import { parseJson } from './rows.ts'
import type { Schema } from './schema.ts'

export type Consent = {
  scopes: string[]
  /** RFC 9396 §2 – of types that are remembered. */
  authorizationDetails: AuthorizationDetail[]
  /** RFC 8707 – identifiers. */
  resources: string[]
}

const toColumns = ({ scopes, authorizationDetails, resources }: Consent, now: number) => ({
  scopes: JSON.stringify(scopes),
  authorization_details: authorizationDetails.length > 0 ? JSON.stringify(authorizationDetails) : null,
  resources: resources.length > 0 ? JSON.stringify(resources) : null,
  granted_at: now,
})

export const createConsents = (db: Kysely<Schema>, realmId: string) => {
  const update = async (userId: string, clientId: string, consent: Consent, now: number): Promise<bigint> => {
    const result = await db
      .updateTable('consents')
      .set(toColumns(consent, now))
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .executeTakeFirstOrThrow()
    return result.numUpdatedRows
  }
  return {
    /** All that was allowed so far. */
    async find(userId: string, clientId: string): Promise<Consent | undefined> {
      const row = await db
        .selectFrom('consents')
        .select(['scopes', 'authorization_details', 'resources'])
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return (
        row && {
          scopes: parseJson(row.scopes),
          authorizationDetails: parseJson(row.authorization_details ?? '[]'),
          resources: parseJson(row.resources ?? '[]'),
        }
      )
    },

    /** Replaces what was allowed before. Not for use inside a transaction: PostgreSQL ends one at a duplicate key. */
    async save(userId: string, clientId: string, consent: Consent, now: number): Promise<void> {
      if ((await update(userId, clientId, consent, now)) > 0n) return
      try {
        await db
          .insertInto('consents')
          .values({ realm_id: realmId, user_id: userId, client_id: clientId, ...toColumns(consent, now) })
          .execute()
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        await update(userId, clientId, consent, now)
      }
    },

    async delete(userId: string, clientId: string): Promise<void> {
      await db
        .deleteFrom('consents')
        .where('realm_id', '=', realmId)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .execute()
    },
  }
}
