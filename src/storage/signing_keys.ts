/** The keys that a realm signs its tokens with, those that will, and those whose tokens are still about. */
import type { Kysely, UpdateObject } from 'kysely'
import { isDuplicateKey } from './database.ts'
import { isOne, parseJson } from './rows.ts'
import type { Schema, SigningKeysTable } from './schema.ts'

/**
 * `prepublished`: shown, does not sign yet. `active`: signs. `grace`: shown while tokens that it signed may be about. `retired`: not
 * shown any more. `revoked`: nothing that it ever signed counts.
 */
export type SigningKeyState = 'prepublished' | 'active' | 'grace' | 'retired' | 'revoked'

export type SigningKeyRecord = {
  kid: string
  alg: string
  state: SigningKeyState
  publicJwk: Record<string, unknown>
  /** As it is kept: a JWK, or one that is sealed (see keys/sealing.ts); empty once it will never sign again. */
  privateKey: string
  createdAt: number
  activatedAt: number | undefined
  /** When something has to be done about it: see keys/key_life.ts. */
  dueAt: number | undefined
}

type NewKey = Pick<SigningKeyRecord, 'kid' | 'alg' | 'publicJwk' | 'privateKey' | 'createdAt'> & { dueAt: number }

const toRecord = (row: SigningKeysTable): SigningKeyRecord => ({
  kid: row.kid,
  alg: row.alg,
  state: row.state as SigningKeyState,
  publicJwk: parseJson(row.public_jwk),
  privateKey: row.private_jwk,
  createdAt: row.created_at,
  activatedAt: row.activated_at ?? undefined,
  dueAt: row.due_at ?? undefined,
})

/** Of each algorithm a realm has at most one key in each: a unique index says so, in which NULL is unequal to NULL. */
type Slot = 'active' | 'next'

export const createSigningKeys = (db: Kysely<Schema>, realmId: string) => {
  const insert = async (key: NewKey, state: SigningKeyState, slot: Slot): Promise<boolean> => {
    try {
      await db
        .insertInto('signing_keys')
        .values({
          kid: key.kid,
          realm_id: realmId,
          alg: key.alg,
          state,
          active_slot: slot,
          public_jwk: JSON.stringify(key.publicJwk),
          private_jwk: key.privateKey,
          created_at: key.createdAt,
          updated_at: key.createdAt,
          activated_at: state === 'active' ? key.createdAt : null,
          due_at: key.dueAt,
        })
        .execute()
      return true
    } catch (error) {
      if (isDuplicateKey(error)) return false
      throw error
    }
  }

  /** True for the caller that found it in one of these states and changed it. */
  const change = async (
    kid: string,
    from: readonly SigningKeyState[],
    to: UpdateObject<Schema, 'signing_keys'>,
  ): Promise<boolean> => {
    const result = await db
      .updateTable('signing_keys')
      .set(to)
      .where('realm_id', '=', realmId)
      .where('kid', '=', kid)
      .where('state', 'in', from)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  }

  return {
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
    insertActive: (key: NewKey): Promise<boolean> => insert(key, 'active', 'active'),

    /** False when one of this algorithm waits already. Not in a transaction. */
    insertNext: (key: NewKey): Promise<boolean> => insert(key, 'prepublished', 'next'),

    /** The active one makes room; first of the two. */
    leave: (kid: string, { now, dueAt }: { now: number; dueAt: number }): Promise<boolean> =>
      change(kid, ['active'], { state: 'grace', active_slot: null, due_at: dueAt, updated_at: now }),

    activate: (kid: string, { now, dueAt }: { now: number; dueAt: number }): Promise<boolean> =>
      change(kid, ['prepublished'], {
        state: 'active',
        active_slot: 'active',
        activated_at: now,
        due_at: dueAt,
        updated_at: now,
      }),

    /** The private part goes. */
    retire: (kid: string, { now, dueAt }: { now: number; dueAt: number }): Promise<boolean> =>
      change(kid, ['grace'], { state: 'retired', private_jwk: '', due_at: dueAt, updated_at: now }),

    revoke: (kid: string, { now, dueAt }: { now: number; dueAt: number }): Promise<boolean> =>
      change(kid, ['prepublished', 'active', 'grace', 'retired'], {
        state: 'revoked',
        active_slot: null,
        private_jwk: '',
        due_at: dueAt,
        updated_at: now,
      }),

    /** `undefined`: nothing until something else changes it. */
    async postpone(kid: string, dueAt: number | undefined): Promise<void> {
      await db
        .updateTable('signing_keys')
        .set({ due_at: dueAt ?? null })
        .where('realm_id', '=', realmId)
        .where('kid', '=', kid)
        .execute()
    },

    /** True for the caller that found it as `before`. */
    async reseal(kid: string, { before, after }: { before: string; after: string }): Promise<boolean> {
      const result = await db
        .updateTable('signing_keys')
        .set({ private_jwk: after })
        .where('realm_id', '=', realmId)
        .where('kid', '=', kid)
        .where('private_jwk', '=', before)
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    async delete(kid: string): Promise<void> {
      await db.deleteFrom('signing_keys').where('realm_id', '=', realmId).where('kid', '=', kid).execute()
    },
  }
}

/** Over all realms: what has to be done, the longest overdue first. */
export const createDueSigningKeys = (db: Kysely<Schema>) => ({
  async list(now: number, limit: number): Promise<{ realmId: string; kid: string }[]> {
    const rows = await db
      .selectFrom('signing_keys')
      .select(['realm_id', 'kid'])
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(limit)
      .execute()
    return rows.map((row) => ({ realmId: row.realm_id, kid: row.kid }))
  },
})
