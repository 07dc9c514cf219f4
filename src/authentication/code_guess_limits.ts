/**
 * NIST SP 800-63B §3.2.2 – how often a code may be guessed (T-BF-04). A guess is counted before it is checked, so that
 * guesses made at the same time cannot overtake the count. Whoever guesses has proved the first factor, so it is by user
 * alone: a code of six digits, of which three are right at a time, is found with a chance of 6 in 100000 a day.
 */
import type { Counting } from '../limits/attempt_counts.ts'
import { countOne } from '../limits/guarded.ts'

const GUESSES_AT_A_TIME = 10
const WINDOW_MS = 300_000
const GUESSES_A_DAY = 20
const DAY_MS = 86_400_000

const description = 'Too many codes were wrong'

export const createCodeGuessLimits = (counting: Counting) => {
  const atATime = {
    counts: counting({ name: 'codes_at_a_time', windowMs: WINDOW_MS }),
    most: GUESSES_AT_A_TIME,
    description,
  }
  const aDay = { counts: counting({ name: 'codes_a_day', windowMs: DAY_MS }), most: GUESSES_A_DAY, description }

  /** Throws too_many_requests without having run `check`. */
  return async (key: string, check: () => Promise<boolean>): Promise<boolean> => {
    await countOne(atATime, key)
    await countOne(aDay, key)
    try {
      const isRight = await check()
      if (isRight) {
        await atATime.counts.forget(key)
        // What was wrong today stays counted: a right code must not give a guesser another day's worth.
        await aDay.counts.takeBack(key)
      }
      return isRight
    } catch (error) {
      // Nothing was checked, so nothing was guessed.
      await atATime.counts.takeBack(key)
      await aDay.counts.takeBack(key)
      throw error
    }
  }
}
