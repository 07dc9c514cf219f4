/**
 * NIST SP 800-63B §3.2.2 – how often a code may be guessed (T-BF-04). A guess is counted before it is checked, so that
 * guesses made at the same time cannot overtake the count. Whoever guesses has proved the first factor, so it is by user
 * alone: a code of six digits, of which three are right at a time, is found with a chance of 6 in 100000 a day.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { tooManyRequests } from '../oauth/errors.ts'

const GUESSES_AT_A_TIME = 10
const WINDOW_SECONDS = 300
const GUESSES_A_DAY = 20
const DAY_SECONDS = 86_400

const count = async (limiter: RateLimiterMemory, key: string): Promise<void> => {
  try {
    await limiter.consume(key)
  } catch (refused) {
    throw refused instanceof RateLimiterRes
      ? tooManyRequests('Too many codes were wrong', refused.msBeforeNext)
      : refused
  }
}

export const createCodeGuessLimits = () => {
  const atATime = new RateLimiterMemory({ keyPrefix: 'now', points: GUESSES_AT_A_TIME, duration: WINDOW_SECONDS })
  const aDay = new RateLimiterMemory({ keyPrefix: 'day', points: GUESSES_A_DAY, duration: DAY_SECONDS })

  /** Throws too_many_requests without having run `check`. */
  return async (key: string, check: () => Promise<boolean>): Promise<boolean> => {
    await count(atATime, key)
    await count(aDay, key)
    try {
      const isRight = await check()
      if (isRight) {
        await atATime.delete(key)
        // What was wrong today stays counted: a right code must not give a guesser another day's worth.
        await aDay.reward(key)
      }
      return isRight
    } catch (error) {
      // Nothing was checked, so nothing was guessed.
      await atATime.reward(key)
      await aDay.reward(key)
      throw error
    }
  }
}
