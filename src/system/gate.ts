/** Lets a bounded number in at a time; the others wait in the order they came, until their time is up. */

/** Call it once, when done. */
export type Release = () => void

export const createGate = (limit: number) => {
  let inside = 0
  const waiting: (() => void)[] = []

  const release = (): void => {
    inside -= 1
    waiting.shift()?.()
  }

  const enter = (): Release => {
    inside += 1
    let isReleased = false
    return () => {
      if (!isReleased) release()
      isReleased = true
    }
  }

  return {
    /** Rejects with the signal's reason when it aborts first. */
    async acquire(signal: AbortSignal): Promise<Release> {
      signal.throwIfAborted()
      if (inside < limit) return enter()
      return await new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting.splice(waiting.indexOf(admit), 1)
          reject(signal.reason)
        }
        const admit = (): void => {
          signal.removeEventListener('abort', abort)
          resolve(enter())
        }
        waiting.push(admit)
        signal.addEventListener('abort', abort, { once: true })
      })
    },
    isIdle: (): boolean => inside === 0 && waiting.length === 0,
  }
}

export type Gate = ReturnType<typeof createGate>
