import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { printMigrations } from '../../../src/storage/migrate.ts'
import { prepareServer } from '../../support/server.ts'

const main = join(import.meta.dirname, '../../../src/main.ts')

const migrate = async (...args: string[]): Promise<{ status: number | null; output: string; errors: string }> => {
  const child = spawn(process.execPath, [main, 'migrate', ...args])
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status: child.exitCode, output, errors }
}

test('migrate is told how it is used when its arguments are not understood', async () => {
  for (const args of [['--print', 'oracle'], ['--print'], ['--no-such'], ['a', 'b'], ['--print', 'sqlite', 'a.toml']]) {
    const { status, output, errors } = await migrate(...args)
    assert.equal(status, 64, args.join(' '))
    assert.equal(output, '')
    assert.match(errors, /usage: migrate/)
  }
})

test('migrate --print needs no configuration', async () => {
  const { status, output } = await migrate('--print', 'mysql')
  assert.equal(status, 0)
  assert.equal(output, printMigrations('mysql'))
})

test('migrate --check lists what is missing and exits with 1, migrate runs it, and then nothing is missing', async (t) => {
  const prepared = await prepareServer()
  t.after(() => prepared.remove())
  const before = await migrate('--check', prepared.configFile)
  assert.equal(before.status, 1, before.errors)
  assert.match(
    before.output,
    /^pending primary\/0001_realms\n(pending primary\/.*\n)*pending sessions\/0001_sessions\n$/,
  )
  const run = await migrate(prepared.configFile)
  assert.equal(run.status, 0, run.errors)
  assert.equal(run.output, before.output.replaceAll('pending', 'migrated'))
  const after = await migrate(prepared.configFile, '--check')
  assert.deepEqual(after, { status: 0, output: 'the schema is current\n', errors: '' })
})
