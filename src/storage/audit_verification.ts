/** T-LG-01 – whether a realm's audit is what was written: every event in its place, none changed, none taken away. */

import { constantTimeEquals } from '../system/hashing.ts'
import { type ChainedRow, type ChainKeys, type ChainProblem, problemOf } from './audit_chain.ts'
import type { ChainHead } from './audit_events.ts'
import { parseJson } from './rows.ts'
import type { RealmStore } from './store.ts'

const AT_A_TIME = 500
/** A chain that is broken everywhere need not be told of everywhere. */
const MAX_PROBLEMS = 100

/** `unkeyed`: made without the key, after events that were made with one. */
export type FoundProblem = { sequence: number; id: string | undefined; problem: ChainProblem | 'unkeyed' }

export type Verification = {
  /** How many were looked at. */
  events: number
  /** Where the chain ends. */
  sequence: number
  hash: string
  /** The first that was looked at with a hash under a key; null for none. */
  keyed_from: number | null
  /** None: the chain is whole. */
  problems: FoundProblem[]
}

type Link = Pick<ChainHead, 'sequence' | 'hash'>

type Progress = { before: Link; events: number; keyedFrom: number | null; removed: Link | undefined }

const judge = (
  row: ChainedRow,
  { before, keyedFrom }: Progress,
  { keys, known }: { keys: ChainKeys; known: Link | undefined },
): FoundProblem['problem'] | undefined => {
  const problem = problemOf(row, before, keys)
  if (problem) return problem
  if (keyedFrom !== null && row.hash_key === null) return 'unkeyed'
  return known?.sequence === Number(row.sequence) && !constantTimeEquals(known.hash, row.hash) ? 'changed' : undefined
}

/** What an event says was removed; undefined for every other. */
const removedBy = (row: ChainedRow): Link | undefined => {
  if (row.type !== 'audit.removed') return undefined
  const { through, hash } = parseJson<{ through: number; hash: string }>(row.detail)
  return { sequence: through, hash }
}

const isSame = (a: Link | undefined, b: Link): boolean =>
  a !== undefined && a.sequence === b.sequence && constantTimeEquals(a.hash, b.hash)

/** What is wrong with the chain as a whole: its beginning, its end, and what it is made with. */
const wholeProblems = (
  at: Progress,
  { head, keys, known }: { head: ChainHead; keys: ChainKeys; known: Link | undefined },
): FoundProblem[] => {
  const end = Math.max(head.sequence, known?.sequence ?? 0)
  const begin = { sequence: head.removedThrough, hash: head.removedHash }
  const problems: [boolean, number, FoundProblem['problem']][] = [
    [begin.sequence > 0 && !isSame(at.removed, begin), begin.sequence, 'cut_off'],
    [known?.sequence === begin.sequence && known.sequence > 0 && !isSame(known, begin), begin.sequence, 'changed'],
    // Events that came while this was read are no problem; ones that went are.
    [at.before.sequence < end, end, 'cut_off'],
    [keys.current !== undefined && at.events > 0 && at.keyedFrom === null, at.before.sequence, 'unkeyed'],
  ]
  return problems.flatMap(([isOne, sequence, problem]) => (isOne ? [{ sequence, id: undefined, problem }] : []))
}

const verifyOnce = async (
  audit: Pick<RealmStore['audit'], 'head' | 'chain'>,
  keys: ChainKeys,
  known: Link | undefined,
): Promise<Verification & { removedThrough: number }> => {
  const head = await audit.head()
  const problems: FoundProblem[] = []
  const first = { sequence: head.removedThrough, hash: head.removedHash }
  let at: Progress = { before: first, events: 0, keyedFrom: null, removed: undefined }
  let rows: ChainedRow[]
  do {
    rows = await audit.chain(at.before.sequence, AT_A_TIME)
    for (const row of rows) {
      const sequence = Number(row.sequence)
      const problem = judge(row, at, { keys, known })
      if (problem && problems.length < MAX_PROBLEMS) problems.push({ sequence, id: row.id, problem })
      at = {
        before: { sequence, hash: row.hash },
        events: at.events + 1,
        keyedFrom: at.keyedFrom ?? (row.hash_key === null ? null : sequence),
        removed: removedBy(row) ?? at.removed,
      }
    }
  } while (rows.length === AT_A_TIME)
  problems.push(...wholeProblems(at, { head, keys, known }))
  return { events: at.events, ...at.before, keyed_from: at.keyedFrom, problems, removedThrough: head.removedThrough }
}

const ATTEMPTS = 3

/** `known`: a head that was kept elsewhere, which has to be part of the chain, or of what is on record as removed from it. */
export const verifyAudit = async (
  audit: Pick<RealmStore['audit'], 'head' | 'chain'>,
  keys: ChainKeys,
  known?: Link,
): Promise<Verification> => {
  for (let attempt = 1; ; attempt++) {
    const { removedThrough, ...result } = await verifyOnce(audit, keys, known)
    if (result.problems.length === 0 || attempt === ATTEMPTS) return result
    // What is beyond retention may have gone while it was read.
    if ((await audit.head()).removedThrough === removedThrough) return result
  }
}
