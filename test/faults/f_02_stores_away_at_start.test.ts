/** F-2 – the stores are not there yet when the server starts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { send } from '../support/client.ts'
import { type OwnPostgresql, skipWithoutPrograms, startPostgresql, startRedis } from '../support/engines.ts'
import { until } from '../support/patience.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const statusOf = async (server: ServerProcess, path: string): Promise<number> =>
  (await server.request('GET', path)).status

const assertWaiting = async (server: ServerProcess): Promise<void> => {
  assert.equal(await statusOf(server, '/live'), 200)
  for (const path of ['/ready', '/health', '/jwks.json', '/.well-known/openid-configuration', '/']) {
    const answer = await server.request('GET', path)
    assert.equal(answer.status, 503, path)
    assert.equal(answer.headers['retry-after'], '1')
  }
  assert.equal((await server.request('GET', '/ready')).json<{ checks: { server: string } }>().checks.server, 'starting')
  assert.equal((server.output().match(/waiting for the stores/g) ?? []).length, 1, server.output())
  assert.doesNotMatch(server.output(), /"msg":"ready/)
}

const assertReady = async (server: ServerProcess): Promise<void> => {
  await until('ready', async () => (await statusOf(server, '/ready')) === 200)
  assert.equal(await statusOf(server, '/.well-known/openid-configuration'), 200)
  assert.equal((await server.admin.request('GET', '/admin/realm/main')).status, 200)
  assert.match(server.output(), /"msg":"ready/)
}

describe('PostgreSQL is away at the start', { skip: skipWithoutPrograms('postgres', 'initdb') }, () => {
  let database: OwnPostgresql
  let prepared: Prepared

  before(async () => {
    database = await startPostgresql()
    prepared = await prepareServer({ database: 'postgresql', databaseUrl: database.url })
  })
  after(async () => {
    await prepared.remove()
    await database.close()
  })

  test('F-2 – with --wait-db=0 the process ends with status 75 and one line that says why', async () => {
    await database.stop('SIGINT')
    const start = startServerProcess({ prepared, args: ['--wait-db=0'], until: '/live' })
    await assert.rejects(start, /exit status 75\)[\s\S]*the stores cannot be reached/)
  })

  test('F-2 – the process stays up, lives, is not ready, and serves as soon as the database is there', async (t) => {
    await database.stop('SIGINT')
    const server = await startServerProcess({ prepared, until: '/live' })
    t.after(() => server.close())
    await assertWaiting(server)
    await database.start()
    await assertReady(server)
  })

  test('F-2 – a signal ends the process while it waits', async () => {
    await database.stop('SIGINT')
    const server = await startServerProcess({ prepared, until: '/live' })
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
    await database.start()
  })

  test('F-2 – what waiting does not mend is not waited for', async () => {
    const wrong = new URL(database.url)
    wrong.pathname = '/no_such_database'
    const other = await prepareServer({ database: 'postgresql', databaseUrl: wrong.href })
    try {
      await assert.rejects(startServerProcess({ prepared: other }), /no_such_database/)
    } finally {
      await other.remove()
    }
  })
})

test('F-2 – Redis is away at the start: the same', { skip: skipWithoutPrograms('redis-server') }, async (t) => {
  const redis = await startRedis()
  await redis.stop()
  const server = await startServerProcess({
    config: { sessions_store_params: { backend: 'redis', connection_url: redis.url } },
    until: '/live',
  })
  t.after(async () => {
    await server.close()
    await redis.close()
  })
  await assertWaiting(server)
  assert.equal((await send(server, 'GET', '/live')).status, 200)
  await redis.start()
  await assertReady(server)
})
