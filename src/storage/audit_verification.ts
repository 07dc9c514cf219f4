/** T-LG-01 – whether a realm's audit is what was written: every event in its place, none changed, none taken away. */

import { constantTimeEquals } from '../system/hashing.ts'
import { type ChainedRow, type ChainKeys, type ChainProblem, problemOf } from './audit_chain.ts'
import type { ChainHead } from './audit_events.ts'
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
  /** None: the chain is whole. */
  problems: FoundProblem[]
}

type Link = Pick<ChainHead, 'sequence' | 'hash'>

type Progress = { before: Link; events: number; isKeyed: boolean }

const judge = (
  row: ChainedRow,
  { before, isKeyed }: Progress,
  { keys, known }: { keys: ChainKeys; known: Link | undefined },
): FoundProblem['problem'] | undefined => {
  const problem = problemOf(row, before, keys)
  if (problem) return problem
  if (isKeyed && row.hash_key === null) return 'unkeyed'
  return known?.sequence === Number(row.sequence) && !constantTimeEquals(known.hash, row.hash) ? 'changed' : undefined
}

/** `known`: a head that was kept elsewhere, which has to be part of the chain. */
export const verifyAudit = async (
  audit: Pick<RealmStore['audit'], 'head' | 'chain'>,
  keys: ChainKeys,
  known?: Link,
): Promise<Verification> => {
  const head = await audit.head()
  const problems: FoundProblem[] = []
  const found = (sequence: number, problem: FoundProblem['problem'], id?: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ sequence, id, problem })
  }
  let at: Progress = { before: { sequence: head.removedThrough, hash: head.removedHash }, events: 0, isKeyed: false }
  let rows: ChainedRow[]
  do {
    rows = await audit.chain(at.before.sequence, AT_A_TIME)
    for (const row of rows) {
      const sequence = Number(row.sequence)
      const problem = judge(row, at, { keys, known })
      if (problem) found(sequence, problem, row.id)
      at = {
        before: { sequence, hash: row.hash },
        events: at.events + 1,
        isKeyed: at.isKeyed || row.hash_key !== null,
      }
    }
  } while (rows.length === AT_A_TIME)
  // Events that came while this was read are no problem; ones that went are.
  const end = Math.max(head.sequence, known?.sequence ?? 0)
  if (at.before.sequence < end) found(end, 'cut_off')
  return { events: at.events, ...at.before, problems }
}
