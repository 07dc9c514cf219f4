/**
 * Insert-once marks: the jti of client assertions, of proofs beside attestations and of DPoP proofs, and everything else that may be presented once. A plain INSERT decides,
 * and the primary key's refusal is the answer; an upsert's row count is not (MySQL reports a found row as changed).
 */
import type { Kysely } from 'kysely'
import { sha256 } from '../system/hashing.ts'
import { isDuplicateKey } from './database.ts'
import type { Schema } from './schema.ts'

export const createReplayMarks = (db: Kysely<Schema>, realmId: string) => ({
  /** True for exactly one caller; false is a replay. Not for use inside a transaction. */
  async remember(mark: {
    kind: 'client_assertion' | 'client_attestation_pop' | 'dpop_proof'
    owner: string
    value: string
    purgeAfter: number
  }): Promise<boolean> {
    try {
      await db
        .insertInto('replay_marks')
        .values({
          // JSON quotes each part, so that no two marks can spell the same text.
          mark_hash: sha256(JSON.stringify([realmId, mark.kind, mark.owner, mark.value])),
          purge_after: mark.purgeAfter,
        })
        .execute()
      return true
    } catch (error) {
      if (isDuplicateKey(error)) return false
      throw error
    }
  },
})
