/** F-37, F-38, F-39 – starts and ends that nobody meant: twice on one port, on a database of a later version, by an error that nobody caught. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { until } from '../support/patience.ts'
import { openConnection, readToEnd, statusOf } from '../support/raw.ts'
import { prepareServer, startServerProcess } from '../support/server.ts'

describe('starts and ends that nobody meant', () => {
  test('F-37 – a second server on the port of the first ends with status 71 and names the process that has it', async (t) => {
    const prepared = await prepareServer()
    t.after(() => prepared.remove())
    const first = await startServerProcess({ prepared })
    t.after(() => first.close())
    const refusal = new RegExp(
      `exit status 71\\)[\\s\\S]*port ${prepared.port} is taken by process ${first.child.pid}\\b`,
    )
    // The first answers on that port, so that only the end of the second tells.
    const second = await import('node:child_process').then(({ spawnSync }) =>
      spawnSync(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'serve', prepared.configFile], {
        cwd: prepared.folder,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...prepared.env },
      }),
    )
    assert.match(`exit status ${second.status}) ${second.stderr}`, refusal)
    assert.equal((await first.request('GET', '/ready')).status, 200)
  })

  test('F-17 F-38 – a database that a later version has migrated: what runs goes on, a start is refused, unless it is asked for', async (t) => {
    const prepared = await prepareServer()
    t.after(() => prepared.remove())
    const running = await startServerProcess({ prepared })
    t.after(() => running.close())
    const database = new DatabaseSync(prepared.databaseUrl.replace('sqlite://', ''))
    database.exec(`alter table users add column shoe_size integer null;
      create table of_the_future (id text primary key);
      insert into schema_migrations (migration_set, id, checksum, state, started_at, finished_at)
      values ('primary', '9999_future', 'x', 'done', 0, 0)`)
    database.close()
    const client = await running.admin.createClient()
    const person = await running.admin.createUser()
    assert.ok((await running.oauth.obtainTokens(client, person)).access_token)
    await running.end('SIGTERM')

    await assert.rejects(startServerProcess({ prepared }), /exit status 78\)[\s\S]*does not know: primary\/9999_future/)
    const again = await startServerProcess({ prepared, args: ['--allow-downgrade'] })
    t.after(() => again.close())
    assert.ok((await again.oauth.obtainTokens(client, person)).access_token)
  })

  for (const [what, code] of [
    ['a timer that throws', 'setTimeout(() => { throw new Error("nobody catches this") }, 0)'],
    ['a promise that nobody awaits', 'Promise.reject(new Error("nobody catches this"))'],
  ] as const)
    test(`F-39 – ${what}: one line, the request under way is answered, and the end has status 70`, async (t) => {
      const prepared = await prepareServer({ config: { server_params: { shutdown_grace_secs: 10 } } })
      t.after(() => prepared.remove())
      const preload = join(prepared.folder, 'preload.mjs')
      writeFileSync(preload, `process.on('SIGUSR2', () => { ${code} })`)
      const server = await startServerProcess({ prepared, processEnv: { NODE_OPTIONS: `--import ${preload}` } })
      t.after(() => server.close())
      const body = 'grant_type=client_credentials&client_id=nobody'
      const socket = await openConnection(server)
      const answer = readToEnd(socket)
      socket.write(
        `POST /token HTTP/1.1\r\nHost: localhost:${prepared.port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
      )
      await server.request('GET', '/live')
      const exited = once(server.child, 'exit')
      server.child.kill('SIGUSR2')
      await until('the line', () => /nobody catches this/.test(server.output()))
      socket.write(body.slice(9))
      assert.equal(statusOf(await answer), 401)
      assert.deepEqual(await exited, [70, null])
    })
})
