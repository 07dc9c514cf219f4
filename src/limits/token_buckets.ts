/**
 * Token buckets: so many requests a second, and so many at once. What is kept of a bucket is the moment at which it is full
 * again (the generic cell rate algorithm of ITU-T I.371), so that asking costs one look at a map and no timer.
 */
import type { Milliseconds } from '../system/clock.ts'
import { createRecentMap } from './recent_map.ts'

export type Rate = { perSecond: number; burst: number }

/** 0 when there was a token, which is taken now; otherwise how long until there is one, in milliseconds. */
export type Wait = Milliseconds | Promise<Milliseconds>

/** Buckets that all nodes share. Throws while they cannot be asked. */
export type SharedBuckets = { take(key: string, rate: Rate): Promise<Milliseconds> }

/** Bounds the memory to about 20 MB, however many addresses ask. */
const CAPACITY = 50_000

/** Longer than any bucket takes to fill: burst_size is bounded so. */
export const LONGEST_FILL_SECONDS = 600

/** What adding up fractions may be off by. */
const ROUNDING_MS = 0.001

export type TokenBucketsDeps = { now(): Milliseconds; shared?: SharedBuckets | undefined }

export const createTokenBuckets = ({ now, shared }: TokenBucketsDeps) => {
  const fullAt = createRecentMap<Milliseconds>({ capacity: CAPACITY, lifetimeMs: LONGEST_FILL_SECONDS * 1000, now })

  const takeHere = (key: string, { perSecond, burst }: Rate): Milliseconds => {
    const step = 1000 / perSecond
    const whole = burst * step
    const at = now()
    // A rate that was lowered, or a clock that was set back, must not empty a bucket for longer than it takes to fill it.
    const next = Math.max(Math.min(fullAt.get(key) ?? at, at + whole), at) + step
    const wait = next - at - whole
    if (wait > ROUNDING_MS) return Math.ceil(wait)
    fullAt.set(key, next)
    return 0
  }

  const takeEverywhere = async (key: string, rate: Rate, buckets: SharedBuckets): Promise<Milliseconds> => {
    try {
      return await buckets.take(key, rate)
    } catch {
      // A limit is no reason to be down: what this node knows has been asked already.
      return 0
    }
  }

  return {
    /** What this node alone refuses the others need not be asked about. */
    take(key: string, rate: Rate): Wait {
      const wait = takeHere(key, rate)
      return wait > 0 || !shared ? wait : takeEverywhere(key, rate, shared)
    },

    size: fullAt.size,
  }
}

export type TokenBuckets = ReturnType<typeof createTokenBuckets>
