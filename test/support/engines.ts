/**
 * Engines of a test's own, which it may stop, kill and start again: PostgreSQL and Redis from Debian's packages, on loopback, each
 * with its data in a temporary folder. The engines that the environment names are shared and are never touched like this.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, chownSync, constants, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { freePort } from './ports.ts'

const START_ATTEMPTS = 600
const PAUSE_MS = 50

/** Not in the search path of everybody. */
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/sbin', ...globSync('/usr/lib/postgresql/*/bin').sort().reverse()]

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const find = (program: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), ...FOLDERS].map((folder) => join(folder, program)).find(isExecutable)

/** For the `skip` option of a test: the reason, or false. Throws instead where everything is required. */
export const skipWithoutPrograms = (...programs: string[]): string | false => {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return false
  const reason = `${missing.join(', ')} is not installed`
  if (process.env.AUTH_SERVER_TEST_REQUIRE === 'all') throw new Error(`${reason}, and everything is required`)
  return reason
}

export const pathOf = (program: string): string => {
  const path = find(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}

const attempt = async (what: string, isUp: () => Promise<boolean>): Promise<void> => {
  for (let attempts = 0; !(await isUp().catch(() => false)); attempts++) {
    if (attempts === START_ATTEMPTS) throw new Error(`${what} did not start`)
    await delay(PAUSE_MS)
  }
}

const isRunning = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null

const endWith = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
  if (!isRunning(child)) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** PostgreSQL refuses to run as root: it runs as the user that its package made. */
const postgresUser = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (option: string): number => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: idOf('-u'), gid: idOf('-g') }
}

export type OwnPostgresql = {
  url: string
  start(): Promise<void>
  /** SIGQUIT: as after a crash, everything that was committed is there and nothing else. SIGINT: an orderly end. */
  stop(signal: 'SIGQUIT' | 'SIGINT'): Promise<void>
  run(statement: string): Promise<void>
  close(): Promise<void>
}

export const startPostgresql = async (): Promise<OwnPostgresql> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_postgresql-'))
  const owner = postgresUser()
  if (owner) {
    chownSync(folder, owner.uid, owner.gid)
    chmodSync(folder, 0o700)
  }
  const data = join(folder, 'data')
  // What survives the process is in the files of the operating system; only its own crash would ask for more.
  const made = spawnSync(pathOf('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...owner,
    cwd: folder,
    encoding: 'utf8',
    env: { LC_ALL: 'C' },
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  let child: ChildProcess | undefined

  const run = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }

  const start = async (): Promise<void> => {
    const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: folder, fsync: 'off' }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    child = spawn(pathOf('postgres'), ['-D', data, ...options], { ...owner, cwd: folder, stdio: 'ignore' })
    await attempt('PostgreSQL', async () => {
      await run('SELECT 1')
      return true
    })
  }

  await start()
  return {
    url,
    start,
    stop: (signal) => endWith(child, signal),
    run,
    async close() {
      await endWith(child, 'SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type OwnRedis = {
  url: string
  port: number
  start(): Promise<void>
  stop(): Promise<void>
  /** Stops the process where it is, as a machine that hangs does: connections stay, nothing is answered. */
  suspend(): void
  resume(): void
  /** A connection to look and change behind the server's back; closed by itself. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** `settings` are arguments of redis-server, `--maxmemory-policy` for example. */
export const startRedis = async (settings: string[] = [], port?: number): Promise<OwnRedis> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_redis-'))
  const own = port ?? (await freePort())
  let child: ChildProcess | undefined

  const ask = async <T>(question: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(own, '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true })
    redis.on('error', () => {})
    try {
      await redis.connect()
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }

  const start = async (): Promise<void> => {
    const place = ['--bind', '127.0.0.1', '--port', String(own), '--dir', folder]
    const nothingKept = ['--save', '', '--appendonly', 'no', '--logfile', join(folder, 'log')]
    child = spawn(pathOf('redis-server'), [...place, ...nothingKept, ...settings], { cwd: folder, stdio: 'ignore' })
    await attempt('Redis', async () => (await ask((redis) => redis.ping())) === 'PONG')
  }

  await start()
  return {
    url: `redis://127.0.0.1:${own}/0`,
    port: own,
    start,
    stop: () => endWith(child, 'SIGKILL'),
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    ask,
    async close() {
      await endWith(child, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
