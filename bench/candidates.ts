/** The servers that are measured, each a process on the server core, with what a load needs to know of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { createAdmin } from '../test/support/admin.ts'
import { type Browser, clientBasic, createBrowser, send, type Target } from '../test/support/client.ts'
import { createOauth, type Oauth, type Person, type TestClient } from '../test/support/oauth.ts'
import { freePort } from '../test/support/ports.ts'
import { type Certificates, prepareServer } from '../test/support/server.ts'
import { CLIENT, PERSON, SCOPES } from './actors.ts'
import { pinned, SERVER_CORE } from './processor.ts'

export type Paths = { authorize: string; token: string; introspection: string; discovery: string }

export type Candidate = {
  name: string
  target: Target
  paths: Paths
  child: ChildProcess
  /** From the start of the process to its first answer. */
  startedInMs: number
  client: TestClient
  person: Person
  oauth: Oauth
  /** Signed in, as soon as the first code was asked for. */
  browser: Browser
}

const OUR_PATHS: Paths = {
  authorize: '/authorize',
  token: '/token',
  introspection: '/introspect',
  discovery: '/.well-known/openid-configuration',
}

const PEER_PATHS: Paths = {
  authorize: '/auth',
  token: '/token',
  introspection: '/token/introspection',
  discovery: '/.well-known/openid-configuration',
}

const USUAL_CLIENT: TestClient = {
  client_id: CLIENT.id,
  client_secret: CLIENT.secret,
  redirect_uris: [CLIENT.redirectUri],
  token_endpoint_auth_method: 'client_secret_basic',
}

const silence = openSync('/dev/null', 'w')

const spawnPinned = (args: string[], env: Record<string, string>): ChildProcess => {
  const [program = execPath, ...rest] = pinned(SERVER_CORE, [execPath, ...args])
  const child = spawn(program, rest, {
    stdio: ['ignore', silence, 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
  })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

/** Asks until there is an answer; milliseconds since `begun`. */
const firstAnswer = async (child: ChildProcess, target: Target, path: string, begun: number): Promise<number> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode}`)
    const answer = await send(target, 'GET', path).catch(() => undefined)
    if (answer) return Math.round(performance.now() - begun)
    await delay(5)
  }
}

type Start = { name: string; target: Target; paths: Paths; args: string[]; env?: Record<string, string> }

const start = async ({ name, target, paths, args, env }: Start): Promise<Candidate> => {
  const begun = performance.now()
  const child = spawnPinned(args, env ?? {})
  const startedInMs = await firstAnswer(child, target, paths.discovery, begun)
  return {
    name,
    target,
    paths,
    child,
    startedInMs,
    client: USUAL_CLIENT,
    person: PERSON,
    oauth: createOauth(target, paths),
    browser: createBrowser(target),
  }
}

export const stop = async ({ child }: Candidate): Promise<void> => {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const script = (name: string): string => join(import.meta.dirname, name)

const targetAt = (port: number, files: Certificates): Target => ({
  issuer: `https://localhost:${port}`,
  ca: readFileSync(files.authority, 'utf8'),
})

/** Its document is as large as the one of discovery, so that both are compared with the same number of bytes. */
export const startFloor = async (files: Certificates, documentBytes: number): Promise<Candidate> => {
  const port = await freePort()
  const args = [script('floor.ts'), String(port), files.key, files.certificate, String(documentBytes)]
  const paths = { ...OUR_PATHS, discovery: '/document' }
  return await start({ name: 'floor', target: targetAt(port, files), paths, args })
}

/** `store` is `memory` or a file for SQLite. */
export const startPeer = async (files: Certificates, name: string, store: string): Promise<Candidate> => {
  const port = await freePort()
  const args = [script('peer.ts'), String(port), files.key, files.certificate, store]
  return await start({ name, target: targetAt(port, files), paths: PEER_PATHS, args })
}

/** The client and the person, made as an administrator makes them. */
const furnish = async (candidate: Candidate): Promise<Candidate> => {
  const admin = createAdmin(candidate.target, 'main')
  await admin.updateRealm('main', { scopes: [{ name: 'api' }] })
  await admin.createUser(PERSON)
  const client = await admin.createClient({
    client_name: 'Bench',
    redirect_uris: [CLIENT.redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: SCOPES.join(' '),
    consent: 'skip',
    id_token_signed_response_alg: 'ES256',
  })
  return { ...candidate, client }
}

/** This server on a SQLite file, as durable as it is in production. */
export const startOurs = async (name: string, logLevel: string, config: Record<string, unknown> = {}) => {
  const prepared = await prepareServer({ config: { log_params: { level: logLevel }, ...config } })
  const args = ['--max-semi-space-size=4', script('../dist/src/main.js'), 'serve', prepared.configFile]
  const begin = () => start({ name, target: prepared, paths: OUR_PATHS, args, env: prepared.env })
  return { candidate: await furnish(await begin()), again: begin, remove: prepared.remove }
}

export const authorizationOf = ({ client }: Candidate): string =>
  clientBasic(client.client_id, client.client_secret ?? '')

/** Resident memory in MiB; undefined where the system does not tell. */
export const residentMiB = ({ child }: Candidate): number | undefined => {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024)
  } catch {
    return undefined
  }
}
