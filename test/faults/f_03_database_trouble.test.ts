/** F-3, F-4, F-5 – a PostgreSQL that is there and of no use: its connections all taken, its line dead, itself read-only. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client } from 'pg'
import type { Answer } from '../support/client.ts'
import { type OwnPostgresql, skipWithoutPrograms, startPostgresql } from '../support/engines.ts'
import { type Line, openLine } from '../support/line.ts'
import type { Person, TestClient, TokenAnswer } from '../support/oauth.ts'
import { until } from '../support/patience.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const CONNECTIONS = 3
const CALLERS = 30

describe('a PostgreSQL of no use', { skip: skipWithoutPrograms('postgres', 'initdb') }, () => {
  let database: OwnPostgresql
  let line: Line
  let prepared: Prepared
  let server: ServerProcess
  let client: TestClient
  let alice: Person
  let tokens: TokenAnswer

  before(async () => {
    database = await startPostgresql()
    line = await openLine(database.url)
    prepared = await prepareServer({
      database: 'postgresql',
      databaseUrl: line.url,
      config: { database_params: { max_connections: CONNECTIONS } },
    })
    server = await startServerProcess({ prepared })
    client = await server.admin.createClient({ scope: 'openid offline_access' })
    alice = await server.admin.createUser()
    tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access' } })
  })
  after(async () => {
    await server?.close()
    await prepared?.remove()
    await line?.close()
    await database?.close()
  })

  const refresh = async (): Promise<Answer> => {
    const answer = await server.oauth.refresh(client, tokens.refresh_token)
    if (answer.status === 200) tokens = answer.json<TokenAnswer>()
    return answer
  }

  const assertAway = (answer: Answer): void => {
    assert.equal(answer.status, 503, answer.body)
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    assert.equal(answer.json().error, 'temporarily_unavailable')
  }

  /** What needs no database. */
  const assertLives = async (): Promise<void> => {
    for (const path of ['/live', '/jwks.json', '/.well-known/openid-configuration'])
      assert.equal((await server.request('GET', path)).status, 200, path)
  }

  const assertHealed = async (): Promise<void> => {
    await until('ready', async () => (await server.request('GET', '/ready')).status === 200)
    assert.equal((await refresh()).status, 200)
  }

  /** How many connections the server holds, seen from the database. */
  const connections = async (): Promise<number> => {
    const own = new Client({ connectionString: database.url })
    await own.connect()
    try {
      const { rows } = await own.query(
        `select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      )
      return (rows[0] as { count: number }).count
    } finally {
      await own.end()
    }
  }

  test('F-3 – every connection is taken: callers are told to come back, what needs none goes on, and nothing leaks', async () => {
    const holder = new Client({ connectionString: database.url })
    await holder.connect()
    try {
      await holder.query('begin; lock table refresh_families, users in access exclusive mode')
      const callers = Promise.all(Array.from({ length: CALLERS }, refresh))
      await assertLives()
      for (const answer of await callers) assertAway(answer)
    } finally {
      await holder.end()
    }
    await assertHealed()
    assert.ok((await connections()) <= CONNECTIONS)
  })

  test('F-4 – nothing arrives any more and nobody is told: callers are told to come back, and it heals', async () => {
    line.freeze()
    const answers = await Promise.all(Array.from({ length: CONNECTIONS + 2 }, refresh))
    for (const answer of answers) assertAway(answer)
    await assertLives()
    assert.equal((await server.request('GET', '/ready')).status, 503)
    line.mend()
    await assertHealed()
    await until('no connection more than configured', async () => (await connections()) <= CONNECTIONS)
  })

  test('F-4 – new connections are refused: the same', async () => {
    line.cut()
    assertAway(await refresh())
    await assertLives()
    line.mend()
    await assertHealed()
  })

  test('F-5 – a primary that became a replica: what writes is told to come back, and works when there is a primary again', async () => {
    await database.run('alter system set default_transaction_read_only = on')
    await database.run('select pg_reload_conf()')
    const isReadOnly = async (): Promise<boolean> => (await server.request('GET', '/ready')).status === 503
    await until('read-only', isReadOnly)
    assertAway(await refresh())
    await assertLives()
    await database.run('alter system reset default_transaction_read_only')
    await database.run('select pg_reload_conf()')
    await assertHealed()
  })
})
