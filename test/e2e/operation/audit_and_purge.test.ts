/** `auth_server audit` and `auth_server purge` beside a running server, and the audit as its administrators read it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { basic } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const run = promisify(execFile)

type Failed = { code: number; stdout: string; stderr: string }
type Event = {
  type: string
  outcome: string
  principal: string | null
  detail: Record<string, unknown>
  sequence: number
}

let server: TestServer

before(async () => {
  server = await startServer()
  await server.admin.createUser({ username: 'alice', password: 'a passphrase of the tests 7' })
  for (const password of ['a passphrase of the tests 7', 'wrong', 'wrong'])
    await server.request('POST', '/login?realm=main', { headers: { authorization: basic('alice', password) } })
})
after(() => server.close())

const command = (...args: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, [MAIN, ...args, server.prepared.configFile], { cwd: server.prepared.folder })

const failing = async (...args: string[]): Promise<Failed> => {
  try {
    const { stdout } = await command(...args)
    return assert.fail(stdout)
  } catch (error) {
    return error as Failed
  }
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** As somebody with the database alone could. */
const tamper = (sql: string): void => {
  const database = new DatabaseSync(server.prepared.databaseUrl.replace('sqlite://', ''))
  database.exec(sql)
  database.close()
}

describe('the audit of a realm', () => {
  const audit = (query = '') => server.admin.request('GET', `/admin/realm/main/audit${query}`)
  const items = async (query: string): Promise<Event[]> => (await audit(query)).json<{ items: Event[] }>().items

  test('what is no filter is refused by its name', async () => {
    for (const [query, message] of [
      ['?kind=x', /Only these parameters/],
      ['?type=nothing', /type is not one/],
      ['?outcome=maybe', /outcome must be/],
      ['?from=yesterday', /from must be seconds/],
      ['?to=-1', /to must be seconds/],
    ] as const) {
      const answer = await audit(query)
      assert.equal(answer.status, 400)
      assert.match(answer.body, message)
    }
  })

  test('one event a decision, with method, reason, principal and its place in the chain', async () => {
    const failures = await items('?type=auth_failure')
    assert.equal(failures.length, 2)
    for (const { outcome, principal, detail } of failures)
      assert.deepEqual([outcome, principal, detail], ['failure', 'alice', { method: 'up', reason: 'wrong_password' }])
    const [success] = await items('?type=auth_success&principal=alice')
    assert.deepEqual(success?.detail, { method: 'up' })
    const all = await items('?limit=200')
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_event, index) => all.length - index),
    )
  })

  test('filters together, times, and a cursor that is good for its own filter alone', async () => {
    const now = Math.floor(Date.now() / 1000)
    assert.deepEqual(await items(`?type=auth_failure&to=${now - 3_600}`), [])
    assert.equal((await items(`?outcome=failure&from=${now - 3_600}&principal=alice`)).length, 2)
    const page = (await audit('?type=auth_failure&limit=1')).json<{ next_cursor: string; items: Event[] }>()
    assert.equal(page.items.length, 1)
    const next = encodeURIComponent(page.next_cursor)
    assert.equal((await items(`?type=auth_failure&limit=1&cursor=${next}`)).length, 1)
    assert.equal((await audit(`?type=auth_success&limit=1&cursor=${next}`)).status, 400)
  })
})

test('P-10 – what cannot be recorded does not happen, whatever it is', async () => {
  tamper('alter table audit_events rename to audit_events_away')
  const json = { name: 'never' }
  const changed = await server.admin.request('POST', '/admin/realm/main/scope', { json })
  const headers = { authorization: basic('alice', 'a passphrase of the tests 7') }
  const login = await server.request('POST', '/login?realm=main', { headers })
  tamper('alter table audit_events_away rename to audit_events')
  for (const answer of [changed, login]) {
    assert.ok(answer.status >= 500, answer.body)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  assert.equal((await server.admin.request('GET', '/admin/realm/main/scope/never')).status, 404)
})

describe('T-LG-01 – auth_server audit', () => {
  test('a chain that is whole: a line a realm and status 0', async () => {
    const lines = linesOf((await command('audit', 'verify')).stdout)
    assert.deepEqual(
      lines.map(({ realm, ok }) => [realm, ok]),
      [
        ['_', true],
        ['main', true],
      ],
    )
  })

  test('a row that is changed, and an end that was cut off, are named with status 1', async () => {
    const heads = join(server.prepared.folder, 'heads')
    writeFileSync(heads, (await command('audit', 'heads')).stdout)
    assert.equal(linesOf((await command('audit', 'verify', '--heads', heads)).stdout).length, 2)

    tamper("update audit_events set outcome = outcome || '!' where realm_id = 'main' and sequence = 2")
    const changed = await failing('audit', 'verify', '--realm', 'main')
    assert.equal(changed.code, 1)
    assert.match(changed.stdout, /"sequence":2,"id":"[^"]+","problem":"changed"/)
    tamper("update audit_events set outcome = rtrim(outcome, '!') where realm_id = 'main' and sequence = 2")

    tamper(
      "delete from audit_events where realm_id = 'main' and sequence = (select max(sequence) from audit_events where realm_id = 'main')",
    )
    tamper("update audit_chains set sequence = sequence - 1 where realm_id = 'main'")
    await command('audit', 'verify')
    const cut = await failing('audit', 'verify', '--heads', heads)
    assert.equal(cut.code, 1)
    assert.match(cut.stdout, /"realm":"main","ok":false.*cut_off/)
  })

  test('what cannot be meant is refused with status 64', async () => {
    assert.equal((await failing('audit')).code, 64)
    assert.equal((await failing('audit', 'forget')).code, 64)
    assert.equal((await failing('audit', 'verify', '--heads', '/nowhere')).code, 64)
    assert.equal((await failing('audit', 'verify', '--realm', 'nowhere')).code, 1)
  })
})

describe('auth_server purge', () => {
  test('what is over goes, by the names that are given, and what went is told', async () => {
    tamper("insert into replay_marks (mark_hash, purge_after) values ('over', 1), ('not over', 99999999999999)")
    const [removed] = linesOf((await command('purge', '--only', 'replay_marks,codes')).stdout)
    assert.deepEqual(removed, { replay_marks: 1, codes: 0 })
    const [all] = linesOf((await command('purge')).stdout)
    assert.deepEqual(Object.keys(all ?? {}).sort(), [
      'audit',
      'codes',
      'interactions',
      'pushed_requests',
      'replay_marks',
      'session_clients',
      'sessions',
      'setup_tokens',
      'tokens',
    ])
  })

  test('an unknown name is refused with status 64, and with a store that is away the status is 75', async () => {
    const unknown = await failing('purge', '--only', 'everything')
    assert.equal(unknown.code, 64)
    assert.match(unknown.stderr, /--only takes sessions, /)
    const file = join(server.prepared.folder, 'away.toml')
    const { readFileSync } = await import('node:fs')
    const { parse, stringify } = await import('smol-toml')
    const config = parse(readFileSync(server.prepared.configFile, 'utf8'))
    config.database_params = { backend: 'postgresql', connection_url: 'postgresql://nobody@127.0.0.1:1/nothing' }
    writeFileSync(file, stringify(config))
    await assert.rejects(run(process.execPath, [MAIN, 'purge', file]), (error: Failed) => error.code === 75)
  })
})
