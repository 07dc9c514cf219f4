import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ensureCertificates } from '../../../src/cli/certificates.ts'
import { chooseCommand } from '../../../src/cli/command.ts'
import { systemClock } from '../../../src/system/clock.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const CANARY = 'canary-b7Qx'

const root = mkdtempSync(join(tmpdir(), 'auth_server-command-'))
after(() => rmSync(root, { recursive: true, force: true }))

type Outcome = { status: number; stdout: string; stderr: string }

/** Runs the real command in a directory of its own. */
const command = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { cwd: root, env: { PATH: '/nowhere', ...env } }
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })

const put = (name: string, content: string): string => {
  writeFileSync(join(root, name), content)
  return name
}

const TLS = `[tls_params]\nserver_private_key = "certificates/server.key"\nserver_certificate = "certificates/server.crt"\nserver_ca_chain = "certificates/ca.crt"\n`
const TOP = 'host_name = "localhost"\nhost_port = 8443\n'

describe('auth_server: which command the arguments name', () => {
  const HELP = '; "auth_server help" lists what there is'
  const SERVE = '; usage: auth_server serve [--wait-db=SECONDS] [--allow-downgrade] [CONFIG]'
  const CHECK = '; usage: auth_server check_config [CONFIG]'
  const VERSION = '; usage: auth_server version'
  const mistakes: [string, string[], string][] = [
    ['a command that there is not', ['srve'], `"srve" is neither a command nor a file; did you mean serve?${HELP}`],
    ['a word that is near nothing', ['frobnicate'], `"frobnicate" is neither a command nor a file${HELP}`],
    ['an option that there is not', ['--config', 'a.toml'], `there is no option "--config"${HELP}`],
    ['a second file', ['a.toml', 'b.toml'], `serve takes no argument "b.toml"${SERVE}`],
    ['a second file of serve', ['serve', 'a.toml', 'b.toml'], `serve takes no argument "b.toml"${SERVE}`],
    [
      'a second file of check_config',
      ['check_config', 'a.toml', 'b.toml'],
      `check_config takes no argument "b.toml"${CHECK}`,
    ],
    ['an option of a command that has none', ['serve', '--port=1'], `serve takes no argument "--port=1"${SERVE}`],
    ['an option without its number', ['serve', '--wait-db=soon'], `serve takes no argument "--wait-db=soon"${SERVE}`],
    ['an option twice', ['serve', '--wait-db=1', '--wait-db=1'], `serve takes no argument "--wait-db=1"${SERVE}`],
    [
      'an option of another command',
      ['check_config', '--wait-db=1'],
      `check_config takes no argument "--wait-db=1"${CHECK}`,
    ],
    ['an argument of version', ['version', 'x'], `version takes no argument "x"${VERSION}`],
    ['a name of Object.prototype', ['constructor'], `"constructor" is neither a command nor a file${HELP}`],
  ]
  for (const [name, argv, mistake] of mistakes) {
    test(`${name} is a mistake`, () => assert.deepEqual(chooseCommand(argv), { mistake }))
  }

  const choices: [string[], string, string[]][] = [
    [[], 'serve', []],
    [['serve'], 'serve', []],
    [['a.toml'], 'serve', ['a.toml']],
    [['./migrate'], 'serve', ['./migrate']],
    [['serve', 'anything'], 'serve', ['anything']],
    [['serve', '--wait-db=0', 'a.toml'], 'serve', ['--wait-db=0', 'a.toml']],
    [['serve', 'a.toml', '--wait-db=30'], 'serve', ['a.toml', '--wait-db=30']],
    [
      ['serve', '--allow-downgrade', '--wait-db=30', 'a.toml'],
      'serve',
      ['--allow-downgrade', '--wait-db=30', 'a.toml'],
    ],
    [['migrate', '--print', 'mysql', 'x'], 'migrate', ['--print', 'mysql', 'x']],
    [['--help'], 'help', []],
    [['serve', '-h'], 'help', []],
    [['-V'], 'version', []],
  ]
  for (const [argv, name, args] of choices) {
    test(`auth_server ${argv.join(' ')}`, () => assert.deepEqual(chooseCommand(argv), { name, args }))
  }
})

test('auth_server: the entry imports nothing before it knows the version of Node.js', () => {
  assert.doesNotMatch(readFileSync(MAIN, 'utf8'), /^import\b/m)
})

describe('auth_server: what a failure looks like', () => {
  test('wrong arguments: one line and exit status 64', async () => {
    const { status, stdout, stderr } = await command(['a.toml', 'b.toml'])
    assert.deepEqual([status, stdout], [64, ''])
    assert.equal(
      stderr,
      'auth_server: serve takes no argument "b.toml"; usage: auth_server serve [--wait-db=SECONDS] [--allow-downgrade] [CONFIG]\n',
    )
  })

  test('something that nobody foresaw: one line, exit status 70, and the stack for those who ask', async () => {
    const file = put('no_directory', '')
    const failed = await command(['certificates', file])
    assert.equal(failed.status, 70)
    assert.match(failed.stderr, /^auth_server: EEXIST: .*\(AUTH_SERVER_DEBUG=1 shows where\)\n$/)
    const withStack = await command(['certificates', file], { AUTH_SERVER_DEBUG: '1' })
    assert.match(withStack.stderr, /\n {4}at /)
  })
})

describe('auth_server: a broken configuration ends with exit status 78 and a line for each problem', () => {
  const files: [string, string, string[]][] = [
    ['empty.toml', '', ['host_name', 'host_port', 'tls_params']],
    ['syntax.toml', `connection_url = "${CANARY}`, ['line 1, column 18']],
    ['unknown.toml', `hostname = "x"\n${TOP}${TLS}`, ['hostname']],
    ['type.toml', `host_name = "localhost"\nhost_port = "${CANARY}"\n${TLS}`, ['host_port']],
    [
      'variable.toml',
      `${TOP}${TLS}[database_params]\nconnection_url = "\${NOT_SET}"\n`,
      ['database_params.connection_url'],
    ],
    [
      'url.toml',
      `${TOP}${TLS}[database_params]\nconnection_url = "mysql://u:${CANARY}@h/d"\n`,
      ['database_params.connection_url'],
    ],
    ['pem.toml', `${TOP}${TLS.replace('server.key', 'nothing.key')}`, ['tls_params.server_private_key']],
    [
      'issuer.toml',
      `${TOP}${TLS}[oauth_params]\nissuer = "http://x/"\ndefault_realm = "_"\n`,
      ['oauth_params.issuer', 'oauth_params.default_realm'],
    ],
    [
      'production.toml',
      `${TOP}${TLS}[server_params]\nproduction = true\n`,
      ['tls_params.server_certificate', 'tls_params.server_ca_chain', 'secrets_params.encryption_key'],
    ],
  ]

  for (const [name, content, keys] of files) {
    for (const argv of name === 'issuer.toml' ? [['check_config'], ['serve'], []] : [['check_config']]) {
      test(['auth_server', ...argv, name].join(' '), async () => {
        await ensureCertificates(join(root, 'certificates'), systemClock)
        const { status, stdout, stderr } = await command([...argv, put(name, content)])
        assert.deepEqual([status, stdout], [78, ''])
        assert.ok(stderr.endsWith('\n'))
        const lines = stderr.trimEnd().split('\n')
        assert.deepEqual(
          lines.map((line) => line.split(': ').slice(0, 2)),
          keys.map((key) => [name, key]),
        )
        assert.ok(!stderr.includes(CANARY))
        assert.doesNotMatch(stderr, /\n {4}at /)
      })
    }
  }

  test('auth_server check_config with a file that is not there', async () => {
    const { status, stderr } = await command(['check_config'])
    assert.deepEqual([status, stderr], [78, './auth_server.toml: found no file there, expected a TOML file\n'])
  })
})

describe('auth_server: what needs no server', () => {
  test('check_config says ok, and what is worth a warning', async () => {
    await ensureCertificates(join(root, 'certificates'), systemClock)
    const file = put('right.toml', `${TOP}default_username = "admin"\n${TLS}`)
    assert.deepEqual(await command(['check_config', file]), {
      status: 0,
      stdout: 'ok\n',
      stderr:
        'right.toml: warning: default_username: requests without credentials act as this user; never use it in production\n',
    })
  })

  test('version prints the version alone', async () => {
    const { status, stdout } = await command(['--version'])
    assert.equal(status, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('help lists every command', async () => {
    const { status, stdout } = await command(['help'])
    assert.equal(status, 0)
    for (const name of ['serve', 'check_config', 'certificates', 'migrate', 'help', 'version'])
      assert.match(stdout, new RegExp(`^ {2}auth_server ${name}\\b`, 'm'))
  })
})
