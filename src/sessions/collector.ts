/** Removes sessions that are over from stores that do not expire by themselves, in batches that leave room for requests. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Log } from '../system/log.ts'
import type { Sessions } from './sessions.ts'

export type CollectorDeps = { sessions: Pick<Sessions, 'removeExpired'>; log: Log; intervalSeconds: number }

/** `stop` waits for the batch that is under way. */
export type Collector = { stop(): Promise<void> }

/** The next run begins one interval after the last one ended: runs never overlap. */
export const startCollector = ({ sessions, log, intervalSeconds }: CollectorDeps): Collector => {
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
      const removed = await sessions.removeExpired(goOn)
      if (isFailing) log.info('sessions that are over are removed again')
      isFailing = false
      if (removed > 0) log.debug({ removed }, 'removed sessions that are over')
    } catch (error) {
      // One line an outage, not one an interval.
      if (!isFailing) log.error({ err: error }, 'sessions that are over could not be removed')
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
