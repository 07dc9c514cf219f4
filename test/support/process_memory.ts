/** What Linux says of another process. */
import { readdirSync, readFileSync } from 'node:fs'

/** Resident set, MiB. */
export const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
