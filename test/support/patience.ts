/** Waiting for what has to come, however slow the machine is: with an end, so that a test fails instead of hanging. */
import { setTimeout as delay } from 'node:timers/promises'

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
