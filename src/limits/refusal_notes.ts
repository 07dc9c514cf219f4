/** Who was told to wait: written down once in a while for each, because a flood of requests must not become one of lines and rows. */
import type { Milliseconds } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import { createRecentMap } from './recent_map.ts'

const WINDOW_MS = 60_000
const CAPACITY = 10_000

/** Of all sources together, in one window: many sources must not fill the audit trail either. */
const MAX_RECORDS = 60

/** What was asked too often: of the source itself, of a realm, of a client. */
export type Limited = 'source' | 'documents' | 'realm' | 'client'

/** `source`: empty where it is not the source that is limited. */
export type Refusal = { limit: Limited; source: string; realmId: string | undefined; clientId?: string | undefined }

export type RefusalNotesDeps = { now(): Milliseconds; log: Log }

export const createRefusalNotes = ({ now, log }: RefusalNotesDeps) => {
  const told = createRecentMap<{ at: Milliseconds; since: number }>({ capacity: CAPACITY, lifetimeMs: WINDOW_MS, now })
  let window = { at: now(), records: 0 }

  const mayRecord = (at: Milliseconds): boolean => {
    if (Math.abs(at - window.at) >= WINDOW_MS) window = { at, records: 0 }
    window.records += 1
    return window.records <= MAX_RECORDS
  }

  /** Logs the first refusal of a window; true when it was the first, and shall be on record in the audit trail too. */
  return ({ limit, source, realmId, clientId }: Refusal): boolean => {
    const key = `${limit} ${source} ${realmId ?? ''} ${clientId ?? ''}`
    const at = now()
    const before = told.get(key)
    if (before && Math.abs(at - before.at) < WINDOW_MS) {
      before.since += 1
      return false
    }
    told.set(key, { at, since: 0 })
    if (!mayRecord(at)) return false
    const client = clientId === undefined ? {} : { client_id: clientId }
    const unsaid = before?.since ?? 0
    log.warn({ limit, source, realm: realmId, ...client, refused_before: unsaid }, 'a rate limit was reached')
    return true
  }
}

export type NoteRefusal = ReturnType<typeof createRefusalNotes>
