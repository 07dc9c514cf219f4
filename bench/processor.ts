/** Which core does what: servers on the first, whatever drives them on the last, so that neither takes time from the other. */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export const SERVER_CORE = 0
export const DRIVER_CORE = availableParallelism() - 1

export const isPinned = DRIVER_CORE > SERVER_CORE && spawnSync('taskset', ['-V']).error === undefined

export const pinned = (core: number, command: string[]): string[] =>
  isPinned ? ['taskset', '-c', String(core), ...command] : command
