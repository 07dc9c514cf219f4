/** An attempt is counted before it is looked at (T-BF-03), so that attempts at the same time cannot overtake the count. */
import { OAuthError, tooManyRequests } from '../oauth/errors.ts'
import type { AttemptCounts } from './attempt_counts.ts'

export type Bound = { counts: AttemptCounts; most: number; description: string }

export const isTooMany = (error: unknown): boolean => error instanceof OAuthError && error.code === 'too_many_requests'

/** Throws too_many_requests where it is one too many. */
export const countOne = async ({ counts, most, description }: Bound, key: string): Promise<void> => {
  const { count, msLeft } = await counts.add(key)
  if (count > most) throw tooManyRequests(description, msLeft)
}

/**
 * What `check` finds right is forgotten, and so is what was wrong before it. Throws too_many_requests without having run
 * `check`; where `check` throws nothing was looked at, and nothing counts.
 */
export const guarded = async <T extends { isRight: boolean }>(
  bound: Bound,
  key: string,
  check: () => Promise<T>,
): Promise<T> => {
  await countOne(bound, key)
  try {
    const result = await check()
    if (result.isRight) await bound.counts.forget(key)
    return result
  } catch (error) {
    await bound.counts.takeBack(key)
    throw error
  }
}
