/** Files that others replace while this process runs, looked at by name: a rename in their place or a link moved elsewhere is seen too. */
import { statSync } from 'node:fs'
import type { Milliseconds } from './clock.ts'

/** What tells one state of a file from another; `absent` where there is none. */
export const markOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : 'absent'
}

export type FileWatch = {
  /** Other files from now on, as they are. */
  follow(files: readonly string[]): void
  stop(): void
}

/** A file that cannot be looked at is as good as absent: whoever reads it says why. */
const marksOf = (files: readonly string[]): string =>
  files
    .map((file) => {
      try {
        return markOf(file)
      } catch {
        return 'absent'
      }
    })
    .join('\n')

/**
 * Calls `changed` once what was found differs from before and has stayed the same for one interval: a key and its certificate
 * are rarely replaced in one step.
 */
export const watchFiles = (files: readonly string[], intervalMs: Milliseconds, changed: () => void): FileWatch => {
  let followed = files
  let known = marksOf(followed)
  let seen = known
  const look = (): void => {
    const now = marksOf(followed)
    const isSettled = now === seen
    seen = now
    if (!isSettled || now === known) return
    known = now
    changed()
  }
  const timer = setInterval(look, intervalMs)
  timer.unref()
  return {
    follow(others) {
      if (others.join('\n') === followed.join('\n')) return
      followed = others
      known = marksOf(followed)
      seen = known
    },
    stop: () => clearInterval(timer),
  }
}
