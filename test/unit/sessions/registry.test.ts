import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { SessionsStoreParams } from '../../../src/config/schema.ts'
import { openSessionStore } from '../../../src/sessions/registry.ts'
import type { SessionStore } from '../../../src/sessions/session_store.ts'
import type { Database } from '../../../src/storage/database.ts'
import { MigrationError } from '../../../src/storage/migrate.ts'
import type { Schema } from '../../../src/storage/schema.ts'
import type { SessionsSchema } from '../../../src/storage/sessions_schema.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import { freshHash, START, sampleSession } from '../../contract/sessions/samples.ts'
import { createTestDatabase, silentLog } from '../../support/databases.ts'

const openDatabases = async (t: TestContext) => {
  const primary = await createTestDatabase('sqlite')
  const other = await createTestDatabase('sqlite')
  t.after(async () => {
    await primary.drop()
    await other.drop()
  })
  const paramsOf = (params: typeof primary.params) => ({ ...params, auto_init_schema: true })
  return {
    database: primary.connect(),
    primary: { ...paramsOf(primary.params), allow_plaintext_database: false } as const,
    other: paramsOf(other.params),
    connectOther: () => other.connect(),
  }
}

type Opened = Awaited<ReturnType<typeof openDatabases>>

const open = async (
  { database, primary }: Opened,
  sessions_store_params: SessionsStoreParams,
): Promise<SessionStore> => {
  const config = { database_params: primary, sessions_store_params }
  const { sessionStore, prepare } = openSessionStore({ config, database, log: silentLog })
  try {
    await prepare('refused')
    return sessionStore
  } catch (error) {
    await sessionStore.close()
    throw error
  }
}

const count = async (database: Database<Schema & SessionsSchema>): Promise<number> =>
  (await database.db.selectFrom('sessions').select('session_id').execute()).length

test('where nothing else is configured sessions live in the primary database, which stays open after them', async (t) => {
  const opened = await openDatabases(t)
  const store = await open(opened, opened.primary)
  await store.insert(sampleSession(), freshHash())
  await store.close()
  assert.equal(await count(opened.database), 1)
})

test('a file has no pool: other bounds still mean the same database', async (t) => {
  const opened = await openDatabases(t)
  const store = await open(opened, { ...opened.primary, max_connections: 3 })
  await store.insert(sampleSession(), freshHash())
  await store.close()
  assert.equal(await count(opened.database), 1)
})

test('sessions in a database of their own are in that one alone', async (t) => {
  const opened = await openDatabases(t)
  const store = await open(opened, opened.other)
  t.after(() => store.close())
  const session = sampleSession()
  await store.insert(session, freshHash())
  assert.deepEqual(await store.find(session.sessionId, START), session)
  assert.equal(await count(opened.connectOther()), 1)
  await assert.rejects(count(opened.database))
})

test('a schema that is managed elsewhere and is not there is told, not made', async (t) => {
  const opened = await openDatabases(t)
  await assert.rejects(open(opened, { ...opened.other, auto_init_schema: false }), MigrationError)
})

test('F-6 – a Redis that is away at the start is an error at the start', async (t) => {
  const opened = await openDatabases(t)
  const params = { ...opened.other, backend: 'redis', connection_url: 'redis://127.0.0.1:1/0' } as const
  await assert.rejects(open(opened, params), StoreUnavailable)
})
