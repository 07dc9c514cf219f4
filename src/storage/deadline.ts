/** Waiting with an end: a store that does not answer is a store that is away. */
import { StoreUnavailable } from './store_unavailable.ts'

/** How long a caller waits for a connection, and again for each statement. */
export const DEADLINE_MS = 2_000

/** How long the engine itself works on a statement: it shall end first, or it would go on with what nobody waits for. */
export const STATEMENT_MS = 1_800

/** Settles as the promise does, unless it takes longer than DEADLINE_MS; what arrives after that goes to `late`. */
export const withDeadline = <T>(
  promise: Promise<T>,
  message: string,
  late: (value: T) => void = () => {},
): Promise<T> =>
  new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new StoreUnavailable(message))
    }, DEADLINE_MS)
    promise.then(
      (value) => {
        clearTimeout(timer)
        if (isLate) late(value)
        else resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })

/** For closing: the database may be held by two owners, and each closes it. */
export const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
