/**
 * The audit of a realm as a chain: each event's hash covers the one before it, so that nothing in between can be changed, taken away or
 * moved without a mark. With a key from the configuration nobody who has only the database can make another chain; that the end was
 * not cut off is told by heads that are kept elsewhere (`auth_server audit heads`).
 */
import { constantTimeEquals, hmacSha256, sha256 } from '../system/hashing.ts'
import type { AuditEventsTable } from './audit_schema.ts'

/** `id`: a name of the key that gives nothing of it away. */
type ChainKey = { id: string; bytes: string }

export type ChainKeys = { current: ChainKey | undefined; known: readonly ChainKey[] }

/** Without a key the chain shows mistakes, and changes by who does not know how it is made. */
export const NO_CHAIN_KEYS: ChainKeys = { current: undefined, known: [] }

const toKey = (encryptionKey: string): ChainKey => ({
  id: hmacSha256(encryptionKey, 'audit chain key id').slice(0, 16),
  bytes: hmacSha256(encryptionKey, 'audit chain'),
})

export const chainKeysOf = (params: {
  encryption_key?: string | undefined
  previous_encryption_key?: string | undefined
}): ChainKeys => {
  const current = params.encryption_key === undefined ? undefined : toKey(params.encryption_key)
  const previous = params.previous_encryption_key === undefined ? undefined : toKey(params.previous_encryption_key)
  return { current, known: [current, previous].filter((key) => key !== undefined) }
}

/** What the first event of a chain says came before it. */
export const GENESIS = '-'

export type ChainedRow = AuditEventsTable & { sequence: number; previous_hash: string; hash: string }

type Content = Omit<ChainedRow, 'hash' | 'hash_key'>

/** Every column, in an order that no engine decides. */
const textOf = (row: Content): string =>
  JSON.stringify([
    'v1',
    row.realm_id,
    Number(row.sequence),
    row.previous_hash,
    row.id,
    Number(row.occurred_at),
    row.type,
    row.outcome,
    row.principal,
    row.target,
    row.ip,
    row.request_id,
    row.detail,
  ])

const hashWith = (row: Content, key: ChainKey | undefined): string =>
  key ? hmacSha256(key.bytes, textOf(row)) : sha256(textOf(row))

/** The row with its place in the chain. */
export const chained = (row: Content, { current }: ChainKeys): ChainedRow => ({
  ...row,
  hash: hashWith(row, current),
  hash_key: current?.id ?? null,
})

export type ChainProblem = 'missing' | 'changed' | 'not_after_the_one_before' | 'key_unknown' | 'cut_off'

/** What is wrong with a row, given the number and hash that it has to follow. */
export const problemOf = (
  row: ChainedRow,
  { sequence, hash }: { sequence: number; hash: string },
  { known }: ChainKeys,
): ChainProblem | undefined => {
  if (Number(row.sequence) !== sequence + 1) return 'missing'
  const key = row.hash_key === null ? undefined : known.find(({ id }) => id === row.hash_key)
  if (row.hash_key !== null && !key) return 'key_unknown'
  if (!constantTimeEquals(hashWith(row, key), row.hash)) return 'changed'
  return constantTimeEquals(row.previous_hash, hash) ? undefined : 'not_after_the_one_before'
}
