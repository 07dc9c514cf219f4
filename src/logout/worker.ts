/** Delivers logout notices in the background: at once when this node wrote one, and every few moments what is due otherwise. */
import { createDeliver, type DeliverDeps } from './deliver.ts'

const INTERVAL_MS = 1_000

export const createLogoutWorker = (deps: Omit<DeliverDeps, 'ended'>) => {
  let isStopped = true
  let isFailing = false
  let isWoken = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const wake = (): void => {
    isWoken = true
    run()
  }

  const deliver = createDeliver({ ...deps, ended: wake })

  /** As long as there is something to take on. */
  const work = async (): Promise<void> => {
    try {
      do {
        isWoken = false
        const taken = await deliver.takeOn()
        isFailing = false
        if (taken > 0) isWoken = true
      } while (isWoken && !isStopped)
    } catch (error) {
      // One line an outage, not one a second.
      if (!isFailing) deps.log.error({ err: error }, 'logout notices could not be read')
      isFailing = true
    }
  }

  const run = (): void => {
    if (isStopped || running !== undefined) return
    clearTimeout(timer)
    running = work().finally(() => {
      running = undefined
      if (isStopped) return
      timer = setTimeout(run, INTERVAL_MS)
      timer.unref()
    })
  }

  return {
    /** Once the stores are ready; may be called again. */
    start(): void {
      if (!isStopped) return
      isStopped = false
      run()
    },

    wake,

    /** Waits for what is under way; what is not begun waits for the next start. */
    async stop(): Promise<void> {
      isStopped = true
      clearTimeout(timer)
      await running
      await deliver.allEnded()
    },
  }
}
