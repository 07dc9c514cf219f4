/** What the process is like to the machine that it runs on. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'smol-toml'
import { forgetVariables } from '../../../src/config/environment.ts'
import { until } from '../../support/patience.ts'
import { startServerProcess } from '../../support/server.ts'

const ROOT = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

test('T-OP-03 – nothing in the tree is a private key, and no configuration that is shipped has a password', () => {
  const files = globSync('{src,migrations,demo,bench,docs,certificates,.ci}/**/*.*', { cwd: ROOT })
  for (const file of [...files, 'auth_server.toml', 'README.md', 'Containerfile', 'package.json'])
    assert.doesNotMatch(
      readFileSync(join(ROOT, file), 'utf8'),
      /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{16}/,
      file,
    )
  const shipped = parse(readFileSync(join(ROOT, 'auth_server.toml'), 'utf8'))
  assert.doesNotMatch(JSON.stringify(shipped), /"[a-z_]*(?:password|secret)":/)
})

test('T-OP-04 – the shipped configuration listens on this machine alone', () => {
  assert.equal(parse(readFileSync(join(ROOT, 'auth_server.toml'), 'utf8')).host_name, 'localhost')
})

test('T-OP-05 – what the file takes from the environment is gone from it once it was read', () => {
  process.env.T_OP_05_SECRET = 'canary'
  process.env.APP_REALM_ADMIN_INITIAL_PASSWORD = 'canary'
  forgetVariables({ database_params: { connection_url: `postgresql://u:\${T_OP_05_SECRET}@db/x` }, list: ['a'] })
  assert.equal(process.env.T_OP_05_SECRET, undefined)
  assert.equal(process.env.APP_REALM_ADMIN_INITIAL_PASSWORD, undefined)
})

test('T-OP-07 – every dependency has one version and is known by its hash', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
    assert.match(version, /^\d+\.\d+\.\d+$/, name)
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; link?: boolean; resolved?: string }>
  }
  for (const [name, { integrity, resolved }] of Object.entries(lock.packages).filter(([path]) => path !== '')) {
    assert.match(integrity ?? '', /^sha512-/, name)
    assert.equal(resolved, undefined, name)
  }
})

test('T-OP-08 – three fresh processes have no identifier in common', async () => {
  const script = `import { systemRandom } from ${JSON.stringify(join(ROOT, 'src/system/random.ts'))}
    const ids = Array.from({ length: 1000 }, () => systemRandom.id() + systemRandom.secret())
    console.log(JSON.stringify(ids))`
  const outputs = await Promise.all(
    Array.from({ length: 3 }, () =>
      run(process.execPath, ['--input-type=module-typescript', '-e', script], { maxBuffer: 4_000_000 }),
    ),
  )
  const ids = outputs.flatMap(({ stdout }) => JSON.parse(stdout) as string[])
  assert.equal(new Set(ids).size, 3_000)
})

test('T-OP-09 – a signal opens no debugger', async (t) => {
  const server = await startServerProcess()
  t.after(() => server.close())
  server.child.kill('SIGUSR1')
  await until('a line', () => /SIGUSR1 is ignored/.test(server.output()))
  assert.equal((await server.request('GET', '/ready')).status, 200)
  assert.doesNotMatch(server.output(), /Debugger listening/)
})
