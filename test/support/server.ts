/**
 * A real server for a test: its own certificates, configuration file, database and port, real TLS. In this process, where
 * the test can reach its store and set its clock, or as a process of its own, where signals and sudden ends can be tried.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'smol-toml'
import { bootstrap } from '../../src/bootstrap.ts'
import { ensureCertificates } from '../../src/cli/certificates.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { type Dependencies, type Overrides, openDependencies } from '../../src/dependencies.ts'
import { startServer as listen } from '../../src/server.ts'
import { systemClock } from '../../src/system/clock.ts'
import { ADMINISTRATOR, type Admin, createAdmin } from './admin.ts'
import { type BackendName, backend } from './backends.ts'
import { type Answer, type Browser, createBrowser, type RequestOptions, send, type Target } from './client.ts'
import { createOauth, type Oauth } from './oauth.ts'
import { freePort } from './ports.ts'
import { createScratchDatabase } from './scratch_database.ts'

type Table = Record<string, unknown>

export type ServerOptions = Pick<Overrides, 'clock' | 'random'> & {
  /** Tables of auth_server.toml, laid over what the tests use. */
  config?: Record<string, unknown>
  /** A fresh file or database; `sqlite` when nothing is said. */
  database?: 'sqlite' | 'postgresql' | 'mysql'
  sessions?: 'redis'
  /** Instead of a free one. */
  port?: number
  /** Instead of a fresh database. */
  databaseUrl?: string
  /** Instead of the administrator of the tests. */
  env?: Record<string, string>
}

export type Prepared = Target & {
  folder: string
  configFile: string
  env: Record<string, string>
  port: number
  databaseUrl: string
  /** Removes what was made. */
  remove(): Promise<void>
}

type Face = Target & {
  /** An absolute URL of the default realm. */
  url(path: string): string
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  browser(): Browser
  oauth: Oauth
  admin: Admin
}

const DEFAULT_REALM = 'main'

export type Certificates = { key: string; certificate: string; authority: string }

const makeCertificates = async (): Promise<Certificates> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_certificates-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await ensureCertificates(folder, systemClock)
  return {
    key: join(folder, 'server.key'),
    certificate: join(folder, 'server.crt'),
    authority: join(folder, 'ca.crt'),
  }
}

let made: Promise<Certificates> | undefined

/** Files of one authority and one server certificate for localhost, for all servers of a test run. */
export const testCertificates = (): Promise<Certificates> => {
  made ??= makeCertificates()
  return made
}

const urlOf = (name: BackendName): string => {
  const found = backend(name)
  if (!found) throw new Error(`${name} is not there: skip the test with skipWithout('${name}')`)
  return found.url
}

type Opened = { url: string; drop(): Promise<void> }

const openFresh = async (database: 'sqlite' | 'postgresql' | 'mysql', folder: string): Promise<Opened> => {
  if (database === 'sqlite') return { url: `sqlite://${join(folder, 'auth_server.db')}`, drop: async () => undefined }
  return await createScratchDatabase(database, urlOf(database))
}

/** Lays one table over another, table by table. */
const laidOver = (base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> => {
  const isTable = (value: unknown): value is Table =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const known = merged[key]
    merged[key] = isTable(known) && isTable(value) ? laidOver(known, value) : value
  }
  return merged
}

/** Everything that a server needs before it starts, in a folder of its own. */
export const prepareServer = async (options: ServerOptions = {}): Promise<Prepared> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_test-'))
  const pem = await testCertificates()
  const port = options.port ?? (await freePort())
  const backend = options.database ?? 'sqlite'
  const database = options.databaseUrl
    ? { url: options.databaseUrl, drop: async () => undefined }
    : await openFresh(backend, folder)
  const issuer = `https://localhost:${port}`
  const config = laidOver(
    {
      host_name: '127.0.0.1',
      host_port: port,
      tls_params: {
        server_private_key: pem.key,
        server_certificate: pem.certificate,
        server_ca_chain: pem.authority,
      },
      database_params: { backend, connection_url: database.url },
      ...(options.sessions ? { sessions_store_params: { backend: 'redis', connection_url: urlOf('redis') } } : {}),
      oauth_params: { issuer, default_realm: DEFAULT_REALM },
      // Cheap, because what a hash costs is no subject here.
      password_hashing_params: { memory_kib: 64, iterations: 1 },
      secrets_params: { encryption_key: Buffer.alloc(32, 7).toString('base64url') },
      server_params: { shutdown_grace_secs: 0 },
      log_params: { level: 'info', pretty: false },
    },
    options.config ?? {},
  )
  const configFile = join(folder, 'auth_server.toml')
  writeFileSync(configFile, stringify(config))
  return {
    folder,
    configFile,
    issuer: (config.oauth_params as { issuer: string }).issuer,
    ca: readFileSync(pem.authority, 'utf8'),
    port,
    databaseUrl: database.url,
    env: options.env ?? {
      APP_REALM_ADMIN_USERNAME: ADMINISTRATOR.username,
      APP_REALM_ADMIN_INITIAL_PASSWORD: ADMINISTRATOR.password,
    },
    async remove() {
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const faceOf = (target: Target): Face => ({
  ...target,
  url: (path) => `${target.issuer}${path}`,
  request: (method, path, options) => send(target, method, path, options),
  browser: () => createBrowser(target),
  oauth: createOauth(target),
  admin: createAdmin(target, DEFAULT_REALM),
})

/** With stores whose schema is current. */
const openPrepared = async (config: Config, overrides: Overrides): Promise<Dependencies> => {
  const deps = openDependencies(config, overrides)
  try {
    await deps.prepare()
    return deps
  } catch (error) {
    await deps.close()
    throw error
  }
}

/** A server in this process. */
export const startServer = async (options: ServerOptions = {}) => {
  const prepared = await prepareServer(options)
  const logs: string[] = []
  const config = loadConfig(prepared.configFile, prepared.env)
  const deps = await openPrepared(config, {
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.random ? { random: options.random } : {}),
    logDestination: { write: (line: string) => void logs.push(line) },
  })
  await bootstrap(deps)
  const server = await listen(deps)
  return {
    ...faceOf(prepared),
    prepared,
    deps,
    store: deps.store,
    /** Every line that it logged. */
    logs,
    async close(): Promise<void> {
      await server.close()
      await prepared.remove()
    },
  }
}

export type TestServer = Awaited<ReturnType<typeof startServer>>

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const START_ATTEMPTS = 600

const spawnServer = (prepared: Prepared, { args = [], processEnv = {} }: ProcessOptions): ChildProcess =>
  spawn(process.execPath, [MAIN, 'serve', ...args, prepared.configFile], {
    cwd: prepared.folder,
    env: { PATH: process.env.PATH, ...prepared.env, ...processEnv },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

export type ProcessOptions = ServerOptions & {
  prepared?: Prepared
  /** Options of the command. */
  args?: string[]
  /** Variables beside those of `env`. */
  processEnv?: Record<string, string>
  /** The address that has to answer 200 before the test goes on: `/ready` when nothing is said. */
  until?: '/live' | '/ready'
}

/** A server as a process of its own, as an operator starts it. */
export const startServerProcess = async (options: ProcessOptions = {}) => {
  const prepared = options.prepared ?? (await prepareServer(options))
  const child = spawnServer(prepared, options)
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => void output.push(text))
  let end: { code: number | null; signal: NodeJS.Signals | null } | undefined
  const exited = once(child, 'exit').then(([code, signal]) => {
    end = { code: code as number | null, signal: signal as NodeJS.Signals | null }
    return end
  })

  const isReady = async (): Promise<boolean> => {
    const url = `https://localhost:${prepared.port}${options.until ?? '/ready'}`
    const answer = await send(prepared, 'GET', url).catch(() => undefined)
    return answer?.status === 200
  }
  for (let attempt = 0; !(await isReady()); attempt++) {
    if (end || attempt === START_ATTEMPTS) {
      child.kill('SIGKILL')
      throw new Error(`the server did not start (exit status ${end?.code}): ${output.join('')}`)
    }
    await delay(50)
  }

  return {
    ...faceOf({ ...prepared, issuer: `https://localhost:${prepared.port}` }),
    prepared,
    child,
    exited,
    /** What it wrote so far, to both streams. */
    output: (): string => output.join(''),
    /** Sends a signal and waits for the end. */
    async end(signal: NodeJS.Signals) {
      child.kill(signal)
      return await exited
    },
    /** Ends it in whatever state it is, and removes what was made for it. */
    async close(): Promise<void> {
      child.kill('SIGKILL')
      await exited
      if (!options.prepared) await prepared.remove()
    },
  }
}

export type ServerProcess = Awaited<ReturnType<typeof startServerProcess>>
