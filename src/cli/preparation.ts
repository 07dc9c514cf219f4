/** Making the stores ready at the start: at once, or as soon as they can be reached. */
import { setTimeout as sleep } from 'node:timers/promises'
import { bootstrap } from '../bootstrap.ts'
import type { Dependencies } from '../dependencies.ts'
import { meaningOf } from '../storage/failures.ts'
import type { NewerSchema } from '../storage/migrate.ts'
import { StoreUnavailable } from '../storage/store_unavailable.ts'

const FIRST_PAUSE_MS = 100
/** Short enough that a store which came back is used within three seconds. */
const LONGEST_PAUSE_MS = 2_000

/** Nothing is wrong with the store but that nobody can ask it now: it or something behind it says so. */
const canPass = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  meaningOf(error) === 'unavailable' ||
  (error instanceof Error && error.cause !== undefined && canPass(error.cause))

/** The stores could not be reached in the time that the operator gives them. */
export class StoresAway extends Error {
  constructor(cause: unknown) {
    super('the stores cannot be reached', { cause })
    this.name = 'StoresAway'
  }
}

export type Prepared = { setupUrl?: string }

export type Preparation = {
  isDone(): boolean
  /** Rejects with StoresAway, and with whatever waiting does not mend. */
  done: Promise<Prepared>
  /** No attempt is made after it. */
  stop(): void
}

export type Readiness = {
  /** How long a store may stay away; one attempt is made in any case. */
  patienceMs: number
  newer: NewerSchema
}

export const startPreparation = (deps: Dependencies, { patienceMs, newer }: Readiness): Preparation => {
  const startedAt = performance.now()
  const stopping = new AbortController()
  let isDone = false

  const attempt = async (): Promise<Prepared | { away: unknown }> => {
    try {
      await deps.prepare(newer)
      return await bootstrap(deps)
    } catch (error) {
      if (!canPass(error)) throw error
      return { away: error }
    }
  }

  const prepare = async (): Promise<Prepared> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const outcome = await attempt()
      if (!('away' in outcome)) {
        isDone = true
        return outcome
      }
      if (performance.now() - startedAt >= patienceMs) throw new StoresAway(outcome.away)
      // One line an outage, however many attempts fail.
      if (pauseMs === FIRST_PAUSE_MS) deps.log.error({ err: outcome.away }, 'waiting for the stores')
      await sleep(pauseMs, undefined, { signal: stopping.signal })
    }
  }

  const done = prepare()
  // Whoever awaits it is told; until then it is nobody's uncaught rejection.
  done.catch(() => undefined)
  return { isDone: () => isDone, done, stop: () => stopping.abort() }
}
