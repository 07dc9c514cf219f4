/** The tables of the audit, as Kysely sees them; see schema.ts. */

type Json = string

export type AuditEventsTable = {
  id: string
  realm_id: string
  occurred_at: number
  type: string
  outcome: string
  principal: string | null
  target: string | null
  ip: string | null
  request_id: string | null
  detail: Json
  /** From 1 on, without a gap; NULL for events from before the chain. */
  sequence: number | null
  previous_hash: string | null
  hash: string | null
  /** Which key the hash was made with; NULL for none. */
  hash_key: string | null
}

/** Apart from the realm's own row, for the same reason as its version. */
export type AuditChainsTable = {
  realm_id: string
  /** Of the event that came last. */
  sequence: number
  /** The events up to this one are beyond retention and gone; `removed_hash` is the last one's. */
  removed_through: number
  removed_hash: string | null
}
