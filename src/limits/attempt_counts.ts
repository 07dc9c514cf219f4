/**
 * How often something was tried in a window that begins with the first time. Counted on this node and, where nodes share a
 * Redis, in all of them together; while Redis is away each node goes on with what it knows.
 */
import type { Milliseconds } from '../system/clock.ts'
import { createRecentMap } from './recent_map.ts'

export type Count = { count: number; msLeft: Milliseconds }

/** Counts that all nodes share. Throws while they cannot be asked. */
export type SharedCounts = {
  add(key: string, by: 1 | -1, windowMs: Milliseconds): Promise<Count>
  read(key: string): Promise<Count | undefined>
  forget(key: string): Promise<void>
}

export type CountingDeps = { now(): Milliseconds; shared?: SharedCounts | undefined }

/** `name` keeps what is counted apart from everything else that is. */
export type CountingParams = { name: string; windowMs: Milliseconds }

/** Bounds the memory of one kind of count to about 20 MB. */
const CAPACITY = 50_000

/** The window has begun at another time of the clock, which was set back since. */
const isBeyond = (msLeft: Milliseconds, windowMs: Milliseconds): boolean => msLeft > windowMs

export const createCounting =
  ({ now, shared }: CountingDeps) =>
  ({ name, windowMs }: CountingParams) => {
    const known = createRecentMap<{ count: number; endsAt: Milliseconds }>({
      capacity: CAPACITY,
      lifetimeMs: windowMs,
      now,
    })

    const peek = (key: string): Count | undefined => {
      const entry = known.get(key)
      const msLeft = entry === undefined ? 0 : entry.endsAt - now()
      return entry === undefined || msLeft <= 0 || isBeyond(msLeft, windowMs)
        ? undefined
        : { count: entry.count, msLeft }
    }

    const keep = (key: string, { count, msLeft }: Count): void => {
      if (count > 0) known.set(key, { count, endsAt: now() + msLeft })
      else known.delete(key)
    }

    /** What all nodes know is better than what this one does, and remembered here for when it cannot be asked. */
    const ask = async <T>(question: (counts: SharedCounts) => Promise<T>): Promise<T | undefined> => {
      if (!shared) return undefined
      try {
        return await question(shared)
      } catch {
        return undefined
      }
    }

    const addHere = (key: string, by: 1 | -1, forMs: Milliseconds): Count => {
      const before = peek(key)
      const after = { count: (before?.count ?? 0) + by, msLeft: before?.msLeft ?? forMs }
      keep(key, after)
      return after
    }

    const add = async (key: string, by: 1 | -1, forMs: Milliseconds): Promise<Count> => {
      // First here and in the same turn, so that what happens at the same time on this node is counted one by one.
      const here = addHere(key, by, forMs)
      const everywhere = await ask((counts) => counts.add(`${name}:${key}`, by, forMs))
      if (!everywhere) return here
      keep(key, everywhere)
      return everywhere
    }

    return {
      /** Counts one more; how many there are now. `forMs`: a shorter window than usual, if this one begins it. */
      add: (key: string, forMs: Milliseconds = windowMs): Promise<Count> => add(key, 1, forMs),

      /** It was none after all. */
      async takeBack(key: string): Promise<void> {
        await add(key, -1, windowMs)
      },

      async forget(key: string): Promise<void> {
        known.delete(key)
        await ask((counts) => counts.forget(`${name}:${key}`))
      },

      async read(key: string): Promise<Count | undefined> {
        const everywhere = await ask(async (counts) => ({ found: await counts.read(`${name}:${key}`) }))
        return everywhere ? everywhere.found : peek(key)
      },

      /** What this node knows, at no cost: other nodes may know more. */
      peek,

      size: known.size,
    }
  }

export type Counting = ReturnType<typeof createCounting>
export type AttemptCounts = ReturnType<Counting>
