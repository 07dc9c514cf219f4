/** Trying again what two callers spoilt for one another: serialization failures, deadlocks, lock waits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DEADLINE_MS } from './deadline.ts'
import { meaningOf } from './failures.ts'
import { StoreUnavailable } from './store_unavailable.ts'

const MAX_REPEATS = 3

let pauses = 0

/** 1 to 60 ms, growing, and different for each caller in each process, so that the same callers do not meet again. */
const pauseMs = (repeat: number): number => 1 + (((pauses++ * 7 + process.pid) % 20) + 1) * repeat

/** The work must be repeatable. Throws StoreUnavailable when it was in vain three times more, or took too long for that. */
export const withRepeats = async <T>(work: () => Promise<T>): Promise<T> => {
  const startedAt = performance.now()
  for (let repeat = 1; ; repeat++) {
    try {
      return await work()
    } catch (error) {
      if (meaningOf(error) !== 'repeatable') throw error
      if (repeat > MAX_REPEATS || performance.now() - startedAt > DEADLINE_MS)
        throw new StoreUnavailable('Too many callers changed the same thing at once', { cause: error })
      await sleep(pauseMs(repeat))
    }
  }
}
