/** What others get: the package from its tarball, without this tree and without its development dependencies. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { send } from '../../support/client.ts'
import { type Prepared, prepareServer } from '../../support/server.ts'

const root = join(import.meta.dirname, '../../..')

const run = (command: string, args: string[], cwd: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? ''} ${stderr}`)
  return stdout
}

// It packs, installs and starts: half a minute. CI always does.
const skip = process.env.CI ? false : 'only where CI is set'

describe('the package', { skip }, () => {
  let folder: string
  let command: string
  let names: string[]
  let prepared: Prepared

  const env = (): Record<string, string> => ({
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    ...prepared.env,
  })
  const started = (...args: string[]) => spawnSync(command, args, { cwd: folder, env: env(), encoding: 'utf8' })

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auth_server_package-'))
    prepared = await prepareServer()
    const packed = run('npm', ['pack', '--json', '--pack-destination', folder], root)
    // A script that runs before may have written to the same stream.
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf('[\n'))) as [
      { filename: string; files: { path: string }[] },
    ]
    names = files.map(({ path }) => path)
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename)], folder)
    command = join(folder, 'node_modules/.bin/auth_server')
  })
  after(async () => {
    await prepared?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('it holds what runs and what is read, and nothing else', () => {
    const allowed =
      /^(?:dist\/(?:src|migrations)\/.+\.js|auth_server\.toml|package\.json|docs\/[a-z_]+\.md|README\.md|CHANGELOG\.md|LICENSE)$/
    assert.deepEqual(
      names.filter((name) => !allowed.test(name)),
      [],
    )
    for (const name of ['dist/src/main.js', 'auth_server.toml', 'README.md', 'LICENSE'])
      assert.ok(names.includes(name), name)
  })

  test('it brings no development dependency along', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    // Types alone weigh nothing at run time, and a dependency may want them itself.
    const brought = Object.keys(devDependencies)
      .filter((name) => !name.startsWith('@types/'))
      .filter((name) => existsSync(join(folder, 'node_modules', name)))
    assert.deepEqual(brought, [])
  })

  test('`auth_server version` and `auth_server check_config` work', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    assert.match(started('version').stdout, new RegExp(version.replaceAll('.', '\\.')))
    const checked = started('check_config', prepared.configFile)
    assert.equal(checked.status, 0, checked.stderr)
  })

  test('`auth_server serve` serves, and stops when it is told to', async () => {
    const child = spawn(command, ['serve', prepared.configFile], { cwd: folder, env: env(), stdio: 'ignore' })
    const exited = once(child, 'exit')
    const discovery = '/.well-known/openid-configuration'
    let answer = await send(prepared, 'GET', discovery).catch(() => undefined)
    while (!answer && child.exitCode === null) {
      await delay(50)
      answer = await send(prepared, 'GET', discovery).catch(() => undefined)
    }
    assert.equal(answer?.json().issuer, prepared.issuer)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
  })
})
