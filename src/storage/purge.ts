/** Removes what is over and is no evidence any more, in small batches, so that no other statement waits for long. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** A pushed request may be completed after its time by a person who began within it; an interaction bounds how long. */
const PUSHED_REQUEST_GRACE_MS = 24 * 3_600_000

type Purge = { table: keyof Schema; key: string; end: string; graceMs: number }

/** The key is a random value of our own, so that it names one row, or the few that are over together. */
const purges: Purge[] = [
  { table: 'upstream_requests', key: 'state_hash', end: 'expires_at', graceMs: 0 },
  { table: 'interactions', key: 'id', end: 'expires_at', graceMs: 0 },
  { table: 'pushed_requests', key: 'reference_hash', end: 'expires_at', graceMs: PUSHED_REQUEST_GRACE_MS },
  { table: 'authorization_codes', key: 'code_hash', end: 'purge_after', graceMs: 0 },
  { table: 'replaced_refresh_tokens', key: 'token_hash', end: 'purge_after', graceMs: 0 },
  { table: 'refresh_families', key: 'id', end: 'expires_at', graceMs: 0 },
  { table: 'opaque_tokens', key: 'token_hash', end: 'expires_at', graceMs: 0 },
  { table: 'revocations', key: 'id', end: 'purge_after', graceMs: 0 },
  { table: 'replay_marks', key: 'mark_hash', end: 'purge_after', graceMs: 0 },
  { table: 'session_clients', key: 'session_id', end: 'purge_after', graceMs: 0 },
  { table: 'setup_tokens', key: 'token_hash', end: 'expires_at', graceMs: 0 },
]

/** The tables by the two columns that matter here. */
type Purgeable = Record<string, Record<string, string | number>>

const purgeTable = async (db: Kysely<Purgeable>, purge: Purge, now: number, limit: number): Promise<number> => {
  const { table, key, end } = purge
  const endedBefore = now - purge.graceMs
  const rows = await db.selectFrom(table).select(key).where(end, '<=', endedBefore).orderBy(end).limit(limit).execute()
  const keys = rows.map((row) => row[key]).filter((value) => value !== undefined)
  if (keys.length === 0) return 0
  const result = await db
    .deleteFrom(table)
    .where(key, 'in', keys)
    .where(end, '<=', endedBefore)
    .executeTakeFirstOrThrow()
  return Number(result.numDeletedRows)
}

/** At most `limit` rows of each table; how many were removed. Call it again while that is many. */
export const createPurgeExpired =
  (db: Kysely<Schema>) =>
  async (now: number, limit: number): Promise<number> => {
    let removed = 0
    for (const purge of purges) removed += await purgeTable(db as unknown as Kysely<Purgeable>, purge, now, limit)
    return removed
  }
