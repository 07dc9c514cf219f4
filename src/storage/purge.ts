/** Removes what is over and is no evidence any more, in small batches, so that no other statement waits for long. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** A pushed request may be completed after its time by a person who began within it; an interaction bounds how long. */
const PUSHED_REQUEST_GRACE_MS = 24 * 3_600_000

/** What can be removed by itself, by the name that an operator uses. */
export const PURGEABLE = [
  'interactions',
  'codes',
  'pushed_requests',
  'tokens',
  'replay_marks',
  'session_clients',
  'setup_tokens',
] as const
export type Purgeable = (typeof PURGEABLE)[number]

type Purge = { what: Purgeable; table: keyof Schema; key: string; end: string; graceMs: number }

/** The key is a random value of our own, so that it names one row, or the few that are over together. */
const purges: Purge[] = [
  { what: 'interactions', table: 'upstream_requests', key: 'state_hash', end: 'expires_at', graceMs: 0 },
  { what: 'interactions', table: 'interactions', key: 'id', end: 'expires_at', graceMs: 0 },
  {
    what: 'pushed_requests',
    table: 'pushed_requests',
    key: 'reference_hash',
    end: 'expires_at',
    graceMs: PUSHED_REQUEST_GRACE_MS,
  },
  { what: 'codes', table: 'authorization_codes', key: 'code_hash', end: 'purge_after', graceMs: 0 },
  { what: 'tokens', table: 'replaced_refresh_tokens', key: 'token_hash', end: 'purge_after', graceMs: 0 },
  { what: 'tokens', table: 'refresh_families', key: 'id', end: 'expires_at', graceMs: 0 },
  { what: 'tokens', table: 'opaque_tokens', key: 'token_hash', end: 'expires_at', graceMs: 0 },
  { what: 'tokens', table: 'revocations', key: 'id', end: 'purge_after', graceMs: 0 },
  { what: 'replay_marks', table: 'replay_marks', key: 'mark_hash', end: 'purge_after', graceMs: 0 },
  { what: 'session_clients', table: 'session_clients', key: 'session_id', end: 'purge_after', graceMs: 0 },
  { what: 'setup_tokens', table: 'setup_tokens', key: 'token_hash', end: 'expires_at', graceMs: 0 },
]

/** The tables by the two columns that matter here. */
type Tables = Record<string, Record<string, string | number>>

const purgeTable = async (db: Kysely<Tables>, purge: Purge, now: number, limit: number): Promise<number> => {
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
  async (now: number, limit: number, names: readonly Purgeable[] = PURGEABLE): Promise<number> => {
    let removed = 0
    for (const purge of purges.filter(({ what }) => names.includes(what)))
      removed += await purgeTable(db as unknown as Kysely<Tables>, purge, now, limit)
    return removed
  }
