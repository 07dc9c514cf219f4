/** What an operator sees of a start: one clear line when it worked, one clear reason when it did not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { skipWithout } from '../../support/backends.ts'
import { type Prepared, prepareServer, startServerProcess } from '../../support/server.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')

const runOnce = (prepared: Prepared, args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], {
    cwd: prepared.folder,
    env: prepared.env,
    encoding: 'utf8',
    timeout: 120_000,
  })

const lines = (output: string): { msg: string; issuer?: string; level: number }[] =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; issuer?: string; level: number })

describe('start', () => {
  test('one line says that it is ready and where', async (t) => {
    const server = await startServerProcess()
    t.after(() => server.close())
    const ready = lines(server.output()).filter(({ issuer }) => issuer !== undefined)
    assert.equal(ready.length, 1)
    assert.equal(ready[0]?.issuer, server.issuer)
    assert.match(ready[0]?.msg ?? '', /ready/)
  })

  test('without an administrator the line leads to the first one, with a link that works once', async (t) => {
    const server = await startServerProcess({ env: {} })
    t.after(() => server.close())
    const link = /https:\/\/\S+setup\S*?(?=["\s])/.exec(server.output())?.[0]
    assert.ok(link, server.output())
    assert.equal((await server.request('GET', link)).status, 200)
  })

  test('the second start of the same configuration says the same, and changes nothing', async (t) => {
    const prepared = await prepareServer()
    t.after(() => prepared.remove())
    const first = await startServerProcess({ prepared })
    const user = await first.admin.createUser()
    await first.end('SIGTERM')
    const second = await startServerProcess({ prepared })
    t.after(() => second.close())
    const found = await second.admin.request('GET', `/admin/realm/main/user/${user.username}`)
    assert.equal(found.status, 200)
  })

  for (const engine of ['sqlite', 'postgresql', 'mysql'] as const) {
    const skip = engine === 'sqlite' ? false : skipWithout(engine)

    test(`two that start at once on an empty ${engine} database both work, over one schema and one administrator`, {
      skip,
    }, async (t) => {
      const first = await prepareServer({ database: engine })
      const second = await prepareServer({ database: engine, databaseUrl: first.databaseUrl })
      const servers = await Promise.allSettled([first, second].map((prepared) => startServerProcess({ prepared })))
      t.after(async () => {
        for (const server of servers) if (server.status === 'fulfilled') await server.value.close()
        await second.remove()
        await first.remove()
      })
      for (const server of servers) {
        assert.ok(server.status === 'fulfilled', String(server.status === 'rejected' && server.reason))
        assert.equal((await server.value.admin.request('GET', '/admin/realm/main')).status, 200)
      }
    })
  }

  test('a configuration with mistakes ends with status 78 and names every one of them', async (t) => {
    const prepared = await prepareServer({
      config: { host_prot: 1, oauth_params: { code_ttl_secs: -5 }, log_params: { level: 'loud' } },
    })
    t.after(() => prepared.remove())
    const { status, stderr, stdout } = runOnce(prepared, ['serve', prepared.configFile])
    assert.equal(status, 78)
    for (const key of ['host_prot', 'code_ttl_secs', 'level']) assert.match(stderr + stdout, new RegExp(key))
    assert.doesNotMatch(stderr + stdout, /\n\s+at /)
  })

  test('a file that is not there ends with status 78', async (t) => {
    const prepared = await prepareServer()
    t.after(() => prepared.remove())
    const { status, stderr, stdout } = runOnce(prepared, ['serve', 'nowhere.toml'])
    assert.equal(status, 78)
    assert.match(stderr + stdout, /nowhere\.toml/)
  })

  test('check_config says yes to what serve would take, and opens nothing', async (t) => {
    const prepared = await prepareServer()
    t.after(() => prepared.remove())
    assert.equal(runOnce(prepared, ['check_config', prepared.configFile]).status, 0)
    writeFileSync(prepared.configFile, 'host_name = 1\n')
    assert.equal(runOnce(prepared, ['check_config', prepared.configFile]).status, 78)
  })

  test('a port that somebody else has ends the start with one line that names it', async (t) => {
    const prepared = await prepareServer()
    const other = createServer().listen(prepared.port, '127.0.0.1')
    await once(other, 'listening')
    t.after(async () => {
      other.close()
      await prepared.remove()
    })
    const { status, stderr, stdout } = runOnce(prepared, ['serve', prepared.configFile])
    assert.notEqual(status, 0)
    assert.match(stderr + stdout, new RegExp(String(prepared.port)))
    assert.doesNotMatch(stderr + stdout, /\n\s+at /)
  })
})
