/** `npm run demo`: a server with a database of its own, a person, a client, and an application to sign in to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { signInAdministrator } from './administration.ts'
import { clientMetadata, startRelyingParty } from './relying_party.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SERVER_PORT = 8443
const APPLICATION_PORT = 9443
const START_ATTEMPTS = 150
const ATTEMPT_INTERVAL_MS = 200

const certificate = (file: string): string => join(ROOT, 'certificates', file)

const newPassword = (): string => randomBytes(12).toString('base64url')

/** The port that is asked for, or a free one when it is taken. */
const findPort = (wanted: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => (wanted === 0 ? reject(error) : resolve(findPort(0))))
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted))
    })
  })

const configuration = (folder: string, port: number): string => `host_name = "127.0.0.1"
host_port = ${port}

[tls_params]
server_private_key = ${JSON.stringify(certificate('server.key'))}
server_certificate = ${JSON.stringify(certificate('server.crt'))}
server_ca_chain = ${JSON.stringify(certificate('ca.crt'))}

[database_params]
backend = "sqlite"
connection_url = ${JSON.stringify(`sqlite://${join(folder, 'demo.db')}`)}

[oauth_params]
issuer = "https://localhost:${port}"

[log_params]
level = "warn"
`

const startServer = (configFile: string, administrator: { username: string; password: string }): ChildProcess =>
  spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'serve', configFile], {
    // A process group of its own: Ctrl-C reaches this process alone, which then stops the server in its turn.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      APP_REALM_ADMIN_USERNAME: administrator.username,
      APP_REALM_ADMIN_INITIAL_PASSWORD: administrator.password,
    },
  })

const waitUntilReady = async (issuer: string, server: ChildProcess): Promise<void> => {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (server.exitCode !== null) throw new Error(`the server ended with status ${server.exitCode}`)
    const response = await fetch(`${issuer}/ready`).catch(() => undefined)
    if (response?.ok) return
    await sleep(ATTEMPT_INTERVAL_MS)
  }
  throw new Error('the server did not become ready')
}

const stopServer = async (server: ChildProcess): Promise<void> => {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
}

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })

/** Everything that has to be stopped, the last started first. */
const cleanups: (() => unknown)[] = []

const start = async (): Promise<string> => {
  tls.setDefaultCACertificates([...tls.getCACertificates(), readFileSync(certificate('ca.crt'), 'utf8')])
  const [serverPort, applicationPort] = [await findPort(SERVER_PORT), await findPort(APPLICATION_PORT)]
  const issuer = `https://localhost:${serverPort}`
  const application = `http://127.0.0.1:${applicationPort}`
  const administrator = { username: 'admin', password: newPassword() }
  const alice = { username: 'alice', password: newPassword() }

  const folder = mkdtempSync(join(tmpdir(), 'auth_server_demo_'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'auth_server.toml')
  writeFileSync(configFile, configuration(folder, serverPort))

  const server = startServer(configFile, administrator)
  cleanups.push(() => stopServer(server))
  await waitUntilReady(issuer, server)

  const administration = await signInAdministrator(issuer, administrator, 'main')
  await administration.createUser({
    ...alice,
    claims: {
      name: 'Alice Adams',
      given_name: 'Alice',
      family_name: 'Adams',
      email: 'alice@example.com',
      email_verified: true,
    },
  })
  const metadata = { client_id: 'demo', ...clientMetadata(application) }
  const clientSecret = await administration.createClient(metadata)
  const relyingParty = await startRelyingParty({ issuer, clientId: 'demo', clientSecret, port: applicationPort })
  cleanups.push(relyingParty.close)

  return `
  Application    ${application}
  Sign in as     ${alice.username}  ${alice.password}

  Server         ${issuer}
  Administrator  ${administrator.username}  ${administrator.password}

  The browser warns about the certificate of the server, which only this computer knows.
  Ctrl-C stops everything and removes the database.
`
}

const stopped = interrupted()
try {
  const summary = await Promise.race([start(), stopped])
  if (summary) console.log(summary)
  await stopped
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup()
}
