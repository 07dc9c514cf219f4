/** Works off what is due by itself – rows that are over, keys that have to change – in batches that leave room for requests. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Log } from './log.ts'

/** Removes some of what is over; how many. Zero when nothing is left. */
export type RemoveBatch = () => Promise<number>

export type CollectorParams = {
  /** For the log: sessions that are over, signing keys. */
  what: string
  removeBatch: RemoveBatch
  log: Log
  intervalSeconds: number
}

/** `stop` waits for the batch that is under way. */
export type Collector = { stop(): Promise<void> }

/** Batch after batch until none is left or `goOn` says no; how many were removed in all. */
export const removeInBatches = async (
  removeBatch: RemoveBatch,
  goOn: () => boolean | Promise<boolean> = () => true,
): Promise<number> => {
  let removed = 0
  for (;;) {
    const batch = await removeBatch()
    removed += batch
    if (batch === 0 || !(await goOn())) return removed
  }
}

/** The next run begins one interval after the last one ended: runs never overlap. */
export const startCollector = ({ what, removeBatch, log, intervalSeconds }: CollectorParams): Collector => {
  let isStopped = false
  let isFailing = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const goOn = async (): Promise<boolean> => {
    // SQLite works on this thread: requests that wait come first.
    await turn()
    return !isStopped
  }

  const collect = async (): Promise<void> => {
    try {
      const removed = await removeInBatches(removeBatch, goOn)
      if (isFailing) log.info(`${what}: worked off again`)
      isFailing = false
      if (removed > 0) log.debug({ removed }, `${what}: worked off`)
    } catch (error) {
      // One line an outage, not one an interval.
      if (!isFailing) log.error({ err: error }, `${what}: could not be worked off`)
      isFailing = true
    }
  }

  const schedule = (): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      running = collect().then(schedule)
    }, intervalSeconds * 1000)
    timer.unref()
  }
  schedule()

  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
