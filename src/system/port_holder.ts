/** proc(5) – which process listens on a port of this machine, for the one who finds it taken. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTENING = '0A'

const tryRead = <T>(read: () => T, otherwise: T): T => {
  try {
    return read()
  } catch {
    // A process that ended meanwhile, one of somebody else, or a machine without /proc.
    return otherwise
  }
}

/** `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`: the port in hexadecimal. */
const inodesOf = (port: number, table: string): string[] => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return tryRead(() => readFileSync(table, 'utf8'), '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === LISTENING)
    .flatMap((fields) => fields[9] ?? [])
}

const holds = (pid: string, sockets: ReadonlySet<string>): boolean => {
  const folder = `/proc/${pid}/fd`
  return tryRead(() => readdirSync(folder), []).some((fd) =>
    sockets.has(tryRead(() => readlinkSync(`${folder}/${fd}`), '')),
  )
}

/** Undefined where it cannot be told. */
export const holderOf = (port: number): number | undefined => {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => inodesOf(port, table))
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return undefined
  const pid = tryRead(() => readdirSync('/proc'), []).find((name) => /^\d+$/.test(name) && holds(name, sockets))
  return pid === undefined ? undefined : Number(pid)
}
