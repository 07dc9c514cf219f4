/**
 * NIST SP 800-63B §3.2.2 and OWASP ASVS 6.3.1 – how often a password may be guessed. A guess is counted before it is
 * checked (T-BF-03), so that guesses made at the same time cannot overtake the count; a right one is forgotten.
 * By account and source together, so that nobody is locked out by a stranger's guesses (T-BF-06), and by source alone.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { OAuthError, tooManyRequests } from '../oauth/errors.ts'
import { sourceOf } from '../system/source.ts'
import { type BoundedQueue, createBoundedQueue } from './bounded_queue.ts'

const WINDOW_SECONDS = 300
const GUESSES_PER_ACCOUNT = 10
const GUESSES_PER_SOURCE = 300

/** Of one account from one source: fewer than its guesses, so that right ones at the same time never use them up. */
const AT_A_TIME = { maxRunning: 4, maxWaiting: 100 }

const isTooMany = (error: unknown): boolean => error instanceof OAuthError && error.code === 'too_many_requests'

export type Guess = { realmId: string; canonicalUsername: string; ip: string }

export const createGuessLimits = () => {
  const byAccount = new RateLimiterMemory({
    keyPrefix: 'account',
    points: GUESSES_PER_ACCOUNT,
    duration: WINDOW_SECONDS,
  })
  const bySource = new RateLimiterMemory({ keyPrefix: 'source', points: GUESSES_PER_SOURCE, duration: WINDOW_SECONDS })
  const queues = new Map<string, BoundedQueue>()

  const count = async (limiter: RateLimiterMemory, key: string): Promise<void> => {
    try {
      await limiter.consume(key)
    } catch (refused) {
      throw refused instanceof RateLimiterRes
        ? tooManyRequests('Too many attempts to sign in', refused.msBeforeNext)
        : refused
    }
  }

  const counted = async <T extends { isRight: boolean }>(key: string, check: () => Promise<T>): Promise<T> => {
    await count(byAccount, key)
    try {
      const result = await check()
      if (result.isRight) await byAccount.delete(key)
      return result
    } catch (error) {
      // Nothing was checked, so nothing was guessed.
      await byAccount.reward(key)
      throw error
    }
  }

  /** T-HT-07 – names that were turned away unlooked at must not fill the memory. */
  const forgetUncounted = async (key: string): Promise<void> => {
    const state = await byAccount.get(key)
    // Somebody who came meanwhile is counted there.
    if (state && state.consumedPoints <= 0 && !queues.has(key)) await byAccount.delete(key)
  }

  const oneByOne = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(key) ?? createBoundedQueue(AT_A_TIME)
    queues.set(key, queue)
    if (queue.isFull())
      throw new OAuthError('temporarily_unavailable', 'Too many passwords are being checked at this moment', {
        retryAfterSeconds: 1,
      })
    try {
      return await queue.run(work)
    } finally {
      if (queue.isIdle()) {
        queues.delete(key)
        await forgetUncounted(key)
      }
    }
  }

  /** Throws too_many_requests without having run `check`. */
  return async <T extends { isRight: boolean }>(guess: Guess, check: () => Promise<T>): Promise<T> => {
    const source = sourceOf(guess.ip)
    await count(bySource, source)
    const key = `${guess.realmId} ${source} ${guess.canonicalUsername}`
    try {
      const result = await oneByOne(key, () => counted(key, check))
      if (result.isRight) await bySource.reward(source)
      return result
    } catch (error) {
      if (!isTooMany(error)) await bySource.reward(source)
      throw error
    }
  }
}
