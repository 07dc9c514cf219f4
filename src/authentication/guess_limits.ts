/**
 * NIST SP 800-63B §3.2.2 and OWASP ASVS 6.3.1 – how often a password may be guessed: by account and source together, so that
 * nobody is locked out by a stranger's guesses (T-BF-06), by source alone, and by account alone, where strangers wait for each
 * other (see account_delay.ts). A device that its owner signed in with before is counted by itself and waits for nobody.
 */
import type { Counting } from '../limits/attempt_counts.ts'
import { countOne, guarded, isTooMany } from '../limits/guarded.ts'
import { OAuthError } from '../oauth/errors.ts'
import { sourceOf } from '../system/source.ts'
import { createAccountDelay } from './account_delay.ts'
import { type BoundedQueue, createBoundedQueue } from './bounded_queue.ts'

const WINDOW_MS = 300_000
const GUESSES_PER_ACCOUNT = 10
const GUESSES_PER_SOURCE = 300

/** Of one account from one source: fewer than its guesses, so that right ones at the same time never use them up. */
const AT_A_TIME = { maxRunning: 4, maxWaiting: 100 }

const description = 'Too many attempts to sign in'

export type Guess = { realmId: string; canonicalUsername: string; ip: string }

export type Guessed<U> = {
  /** Who has the name, if anybody. */
  findUser(): Promise<U | undefined>
  /** The id of the device that the guess comes from, if the user is known to sign in with it. */
  findDevice(user: U): Promise<string | undefined>
  /** True where there is something to look for at all: nothing is asked about a user before the guess is counted. */
  mayBeKnown: boolean
}

const createQueues = () => {
  const queues = new Map<string, BoundedQueue>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(key) ?? createBoundedQueue(AT_A_TIME)
    queues.set(key, queue)
    if (queue.isFull())
      throw new OAuthError('temporarily_unavailable', 'Too many passwords are being checked at this moment', {
        retryAfterSeconds: 1,
      })
    try {
      return await queue.run(work)
    } finally {
      if (queue.isIdle()) queues.delete(key)
    }
  }
}

export const createGuessLimits = (counting: Counting) => {
  const windowMs = WINDOW_MS
  const most = GUESSES_PER_ACCOUNT
  const ofAccount = { counts: counting({ name: 'guesses_of_account', windowMs }), most, description }
  const ofDevice = { counts: counting({ name: 'guesses_of_device', windowMs }), most, description }
  const ofSource = {
    counts: counting({ name: 'guesses_of_source', windowMs }),
    most: GUESSES_PER_SOURCE,
    description,
  }
  const afterDelay = createAccountDelay(counting)
  const fewAtATime = createQueues()

  type Check<T, U> = (user: U | undefined) => Promise<T>

  /** T-BF-07 – by the name as it was typed and by the user whom it leads to: another name for the same one buys nothing. */
  const byName = async <T extends { isRight: boolean }, U extends { id: string }>(
    { realmId, canonicalUsername }: Guess,
    source: string,
    findUser: () => Promise<U | undefined>,
    check: Check<T, U>,
  ): Promise<T> => {
    const typed = `${realmId} name ${canonicalUsername}`
    const typedHere = `${source} ${typed}`
    return await fewAtATime(typedHere, () =>
      guarded(ofAccount, typedHere, async () => {
        const user = await findUser()
        if (!user) return await afterDelay({ account: typed, source }, () => check(undefined))
        const account = `${realmId} user ${user.id}`
        return await guarded(ofAccount, `${source} ${account}`, () =>
          afterDelay({ account, source }, () => check(user)),
        )
      }),
    )
  }

  const fromSource = async <T extends { isRight: boolean }>(source: string, work: () => Promise<T>): Promise<T> => {
    await countOne(ofSource, source)
    try {
      const result = await work()
      if (result.isRight) await ofSource.counts.takeBack(source)
      return result
    } catch (error) {
      if (!isTooMany(error)) await ofSource.counts.takeBack(source)
      throw error
    }
  }

  /** Throws too_many_requests without having run `check`. */
  return async <T extends { isRight: boolean }, U extends { id: string }>(
    guess: Guess,
    { findUser, findDevice, mayBeKnown }: Guessed<U>,
    check: Check<T, U>,
  ): Promise<T> => {
    const user = mayBeKnown ? await findUser() : undefined
    const device = user && (await findDevice(user))
    if (user && device !== undefined) {
      const key = `${guess.realmId} ${user.id} ${device}`
      return await fewAtATime(key, () => guarded(ofDevice, key, () => check(user)))
    }
    const source = sourceOf(guess.ip)
    return await fromSource(source, () => byName(guess, source, findUser, check))
  }
}
