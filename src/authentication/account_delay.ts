/**
 * NIST SP 800-63B §3.2.2 – after a hundred wrong passwords of one account, from wherever they came, whoever comes from a place
 * from which nobody has signed in right to it waits: longer with every wrong one, and told for how long. Nobody is locked out.
 */
import type { AttemptCounts, Counting } from '../limits/attempt_counts.ts'
import { tooManyRequests } from '../oauth/errors.ts'

const FREE_FAILURES = 100
const DAY_MS = 86_400_000
const PROVEN_MS = 30 * DAY_MS
const LONGEST_DELAY_MS = 3_600_000

/** One second after the hundredth, twice as long after each that follows, up to an hour. */
const delayAfter = (failures: number): number => Math.min(1000 * 2 ** (failures - FREE_FAILURES), LONGEST_DELAY_MS)

const wait = (milliseconds: number) => tooManyRequests('Too many attempts to sign in', milliseconds)

/** `account`: one that exists or not. `source`: where the guess comes from. */
export type Place = { account: string; source: string }

export const createAccountDelay = (counting: Counting) => {
  const failures = counting({ name: 'account_failures', windowMs: DAY_MS })
  const turns = counting({ name: 'account_turns', windowMs: LONGEST_DELAY_MS })
  const proven = counting({ name: 'proven_places', windowMs: PROVEN_MS })

  const countOf = async (counts: AttemptCounts, key: string): Promise<number> => (await counts.read(key))?.count ?? 0

  /** One guess of everybody who waits, when the time has come. */
  const takeTurn = async (account: string, before: number): Promise<void> => {
    const { count, msLeft } = await turns.add(account, delayAfter(before))
    if (count > 1) throw wait(msLeft)
  }

  /** Counted before it is checked; of guesses at the same time no more pass than are free. */
  const countFailure = async (account: string, isFree: boolean): Promise<void> => {
    const { count } = await failures.add(account)
    if (!isFree || count <= FREE_FAILURES) return
    await failures.takeBack(account)
    throw wait(delayAfter(FREE_FAILURES))
  }

  /** Throws too_many_requests without having run `check`. */
  return async <T extends { isRight: boolean }>({ account, source }: Place, check: () => Promise<T>): Promise<T> => {
    const place = `${account} ${source}`
    const before = await countOf(failures, account)
    const isProven = before >= FREE_FAILURES && (await countOf(proven, place)) > 0
    const hasTurn = before >= FREE_FAILURES && !isProven
    if (hasTurn) await takeTurn(account, before)
    await countFailure(account, before < FREE_FAILURES)
    try {
      const result = await check()
      if (!result.isRight) return result
      if (hasTurn) await turns.forget(account)
      // A guesser who is at it now gets no hundred new ones because the owner came: those go by the end of the day.
      if (before < FREE_FAILURES) await failures.forget(account)
      else await failures.takeBack(account)
      await proven.add(place)
      return result
    } catch (error) {
      await failures.takeBack(account)
      if (hasTurn) await turns.forget(account)
      throw error
    }
  }
}
