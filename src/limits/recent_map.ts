/**
 * T-HT-07 – a map of bounded size that forgets what was not used for a while: in two generations, with no timer for an entry
 * and no walk over all of them.
 */
import type { Milliseconds } from '../system/clock.ts'

export type RecentMapBounds = {
  /** Entries of one generation: at most twice as many are held. */
  capacity: number
  /** An entry is kept for so long after its last use, unless newer ones need its place. */
  lifetimeMs: Milliseconds
  now(): Milliseconds
}

export const createRecentMap = <V>({ capacity, lifetimeMs, now }: RecentMapBounds) => {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let bornAt = now()

  const age = (): void => {
    const elapsed = now() - bornAt
    if (elapsed >= 0 && elapsed < lifetimeMs && young.size < capacity) return
    old = young
    young = new Map()
    bornAt = now()
  }

  const set = (key: string, value: V): void => {
    age()
    young.set(key, value)
  }

  return {
    set,

    get(key: string): V | undefined {
      const known = young.get(key)
      if (known !== undefined || old.size === 0) return known
      const older = old.get(key)
      if (older === undefined) return undefined
      old.delete(key)
      set(key, older)
      return older
    },

    delete(key: string): void {
      young.delete(key)
      old.delete(key)
    },

    size: (): number => young.size + old.size,
  }
}
