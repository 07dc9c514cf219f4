/** The one source of time, so that tests can set it. */

/** Milliseconds since the epoch; every `*_at` column and every `…At` member is in this unit. */
export type Milliseconds = number

export type Clock = {
  now(): Milliseconds
}

export const systemClock: Clock = { now: () => Date.now() }

/** NumericDate of RFC 7519 §2: whole seconds since the epoch, as JWT claims and protocol members carry it. */
export const toSeconds = (ms: Milliseconds): number => Math.floor(ms / 1000)

/** A timer that never keeps the process alive. */
export const delay = (ms: Milliseconds): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
