/** An Apache of a test's own with mod_auth_openidc, from Debian's packages: a child process on a free port, with TLS. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { send } from './client.ts'
import { until } from './patience.ts'
import { freePort } from './ports.ts'
import { testCertificates } from './server.ts'

const PROGRAM = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'
const NEEDED = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'include', 'ssl', 'auth_openidc']

/** For the `skip` of a suite: the reason, or false. Throws instead where everything is required. */
export const apacheMissing = (): string | false => {
  try {
    for (const file of [PROGRAM, join(MODULES, 'mod_auth_openidc.so')]) accessSync(file)
    return false
  } catch {
    const reason = 'apache2 with mod_auth_openidc is not installed'
    if (process.env.AUTH_SERVER_TEST_REQUIRE === 'all') throw new Error(`${reason}, and everything is required`)
    return reason
  }
}

/** Names and values of directives; a value with spaces is quoted. */
export type Directives = Record<string, string>

const written = (directives: Directives): string =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${/[\s"]/.test(value) ? JSON.stringify(value) : value}\n`)
    .join('')

/** The page shows what Apache knows of who asks: mod_include puts the variables in. */
const PAGE = '<!--#echo var="REMOTE_USER" --> <!--#echo var="OIDC_CLAIM_email" -->'

const configure = async (folder: string, port: number, openid: Directives): Promise<string> => {
  const pem = await testCertificates()
  return [
    ...NEEDED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so\n`),
    written({
      ServerRoot: folder,
      ServerName: 'localhost',
      PidFile: join(folder, 'pid'),
      Mutex: `file:${folder}`,
      ErrorLog: join(folder, 'errors'),
      Listen: `127.0.0.1:${port}`,
      DocumentRoot: join(folder, 'pages'),
      // Whoever starts it as root does not want its children to be.
      User: 'www-data',
      Group: 'www-data',
      StartServers: '1',
      SSLEngine: 'on',
      SSLCertificateFile: pem.certificate,
      SSLCertificateKeyFile: pem.key,
      // Its children, who ask the server, cannot look into the folder of the certificates.
      OIDCCABundlePath: join(folder, 'ca.crt'),
      ...openid,
    }),
    '<Location /protected>\nAuthType openid-connect\nRequire valid-user\nOptions +Includes\nSetOutputFilter INCLUDES\n</Location>\n',
  ].join('')
}

type Settings = (origin: string, folder: string) => Directives | Promise<Directives>

/** Everything under `/protected` asks for a sign-in. `openid` gets the origin, and a folder for its files. */
export const startApache = async (openid: Settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_apache-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'pages/protected'), { recursive: true })
  writeFileSync(join(folder, 'pages/protected/page'), PAGE)
  writeFileSync(join(folder, 'pages/public'), 'everybody may read this')
  const port = await freePort()
  const origin = `https://localhost:${port}`
  writeFileSync(join(folder, 'apache.conf'), await configure(folder, port, await openid(origin, folder)))
  const ca = readFileSync((await testCertificates()).authority, 'utf8')
  writeFileSync(join(folder, 'ca.crt'), ca)

  const child = spawn(PROGRAM, ['-D', 'FOREGROUND', '-f', join(folder, 'apache.conf')], { stdio: 'inherit' })
  const exited = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const answers = async (): Promise<boolean> => (await send({ issuer: origin, ca }, 'GET', '/public')).status === 200
    await until('Apache answers, or has ended', async () => child.exitCode !== null || (await answers()))
    if (child.exitCode !== null) throw new Error(`Apache ended with status ${child.exitCode}`)
  } catch (error) {
    await close()
    throw error
  }
  return { origin, close }
}

export type Apache = Awaited<ReturnType<typeof startApache>>
