/** Runs a bounded number of things at a time and lets a bounded number wait; the next is turned away at once. */

export type QueueBounds = { maxRunning: number; maxWaiting: number }

export const createBoundedQueue = (bounds: QueueBounds) => {
  const waiting: (() => void)[] = []
  let running = 0

  /** Hands its place to the one that waits longest. */
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return {
    isFull: (): boolean => running >= bounds.maxRunning && waiting.length >= bounds.maxWaiting,

    isIdle: (): boolean => running === 0,

    load: (): { running: number; waiting: number } => ({ running, waiting: waiting.length }),

    /** Ask `isFull` first, in the same turn: what is run here waits, however many do. */
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (running < bounds.maxRunning) running += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}

export type BoundedQueue = ReturnType<typeof createBoundedQueue>
