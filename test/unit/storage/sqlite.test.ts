import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../../src/storage/database.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { createStore } from '../../../src/storage/store.ts'
import { silentLog } from '../../support/databases.ts'
import { NOW, settings } from '../../support/storage_fixtures.ts'

const open = (connection_url: string) =>
  openDatabase(
    {
      backend: 'sqlite',
      connection_url,
      max_connections: 10,
      min_connections: 0,
      connect_timeout_secs: 30,
      idle_timeout_secs: 600,
    },
    silentLog,
  )

test('a SQLite URL of another form, or a folder that is not there, is refused', () => {
  for (const url of ['sqlite:', 'sqlite://', 'file.db', 'sqlite:///no/such/folder/file.db'])
    assert.throws(() => open(url), /connection_url/, url)
})

test('a file that is no database is refused by its name', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_test_'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'notes.txt')
  writeFileSync(path, 'nothing that SQLite wrote, and longer than nothing')
  assert.throws(() => open(`sqlite://${path}`), {
    message: `connection_url: ${path} cannot be used: file is not a database`,
  })
})

test('R-7 a SQLite file is its owner’s alone, durable, and keeps its foreign keys', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_test_'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'auth_server.db')
  const database = open(`sqlite://${path}`)
  await migrate(database, 'primary', silentLog)
  for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o777, 0o600, file)
  const pragma = async (name: string) =>
    Object.values((await sql.raw(`pragma ${name}`).execute(database.db)).rows[0] ?? {})
  assert.deepEqual(await pragma('journal_mode'), ['wal'])
  assert.deepEqual(await pragma('synchronous'), [2])
  assert.deepEqual(await pragma('foreign_keys'), [1])
  await database.close()
  await database.close()
})

test('a database in memory keeps what is written, and a transaction to itself until it is committed', async () => {
  const database = open('sqlite::memory:')
  await migrate(database, 'primary', silentLog)
  const store = createStore(database)
  const insert = (id: string) => store.realms.insert({ id, settings, now: NOW })
  await insert('a')
  const refused = store.transaction(async (inside) => {
    await inside.realms.insert({ id: 'b', settings, now: NOW })
    throw new Error('refused')
  })
  const seen = store.realms.find('b')
  await assert.rejects(refused, /refused/)
  assert.equal(await seen, undefined)
  assert.equal((await store.realms.find('a'))?.version, 1)
  await database.close()
})
