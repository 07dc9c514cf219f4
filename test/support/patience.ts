/** Waiting for what has to come, however slow the machine is: with an end, so that a test fails instead of hanging. */
import { setTimeout as delay } from 'node:timers/promises'
import { StoreUnavailable } from '../../src/storage/store_unavailable.ts'

const PAUSE_MS = 25
const ATTEMPTS = 2_400

/** Throws with `what` when it does not come within a minute. An error in between is a no. */
export const until = async (what: string, isThere: () => Promise<boolean> | boolean): Promise<void> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      if (await isThere()) return
    } catch {
      // Not yet.
    }
    await delay(PAUSE_MS)
  }
  throw new Error(`waited in vain: ${what}`)
}

const COMEBACKS = 20

/** What a caller that is told to come again (503, Retry-After) does: a crowd on a slow machine is told so. */
export const comingAgain = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let comeback = 0; ; comeback++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || comeback === COMEBACKS) throw error
      await delay(error.retryAfterSeconds * 1000 * Math.random())
    }
  }
}
