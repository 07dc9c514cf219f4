/** A server process whose clock a test moves while it runs, by libfaketime of Debian; its timers go on as they were. */
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const library = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]

/** For the `skip` option of a test: the reason, or false. Throws instead where everything is required. */
export const skipWithoutFaketime = (): string | false => {
  if (library !== undefined) return false
  if (process.env.AUTH_SERVER_TEST_REQUIRE === 'all')
    throw new Error('libfaketime is not installed, and everything is required')
  return 'libfaketime is not installed'
}

export type MovedClock = {
  /** For the process. */
  processEnv: Record<string, string>
  /** Seconds by which its clock is ahead of ours, from now on. */
  set(seconds: number): void
}

export const createMovedClock = (folder: string): MovedClock => {
  const file = join(folder, 'faketime')
  const set = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
  set(0)
  return {
    set,
    processEnv: {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
}
