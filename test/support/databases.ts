/** Runs a suite on every database engine that is there, each time on a database of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { type ConnectionParams, type Database, type Dialect, openDatabase } from '../../src/storage/database.ts'
import { migrate } from '../../src/storage/migrate.ts'
import type { Schema } from '../../src/storage/schema.ts'
import type { SessionsSchema } from '../../src/storage/sessions_schema.ts'
import { createLog } from '../../src/system/log.ts'
import { backend, skipWithout } from './backends.ts'
import { createScratchDatabase } from './scratch_database.ts'

export const silentLog = createLog({ level: 'silent', pretty: false })

export const DIALECTS: readonly Dialect[] = ['sqlite', 'postgresql', 'mysql']

export type TestDatabase = {
  /** How to open it, from another process for example. */
  params: ConnectionParams
  /** Closed by itself at the end. */
  connect(overrides?: Partial<ConnectionParams>): Database<Schema & SessionsSchema>
  drop(): Promise<void>
}

const createUrl = async (dialect: Dialect): Promise<{ url: string; drop(): Promise<void> }> => {
  if (dialect !== 'sqlite') {
    const server = backend(dialect)
    if (!server) throw new Error(`${dialect} is not there`)
    return createScratchDatabase(dialect, server.url)
  }
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_test_'))
  return {
    url: `sqlite://${join(folder, 'test.db')}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** An empty database. */
export const createTestDatabase = async (dialect: Dialect): Promise<TestDatabase> => {
  const { url, drop } = await createUrl(dialect)
  const open: Database<Schema & SessionsSchema>[] = []
  const params: ConnectionParams = {
    backend: dialect,
    connection_url: url,
    max_connections: 10,
    min_connections: 0,
    connect_timeout_secs: 30,
    idle_timeout_secs: 600,
  }
  return {
    params,
    connect(overrides) {
      const database = openDatabase<Schema & SessionsSchema>({ ...params, ...overrides }, silentLog)
      open.push(database)
      return database
    },
    async drop() {
      for (const database of open) await database.close()
      await drop()
    },
  }
}

export const skipDialect = (dialect: Dialect): string | false => (dialect === 'sqlite' ? false : skipWithout(dialect))

/** A database with the whole schema, shared by the tests of one suite. */
export type Opened = { database: Database<Schema & SessionsSchema>; test: TestDatabase }

/**
 * `open` is called while the suite is defined and gives what to call inside its tests. Skipped, and visibly so, where an
 * engine is not there.
 */
export const forEachDialect = (suite: (dialect: Dialect, open: () => () => Opened) => void): void => {
  for (const dialect of DIALECTS) {
    describe(dialect, { skip: skipDialect(dialect), concurrency: 1 }, () => {
      suite(dialect, () => {
        let opened: Opened | undefined
        before(async () => {
          const test = await createTestDatabase(dialect)
          opened = { test, database: test.connect() }
          await migrate(opened.database, 'primary', silentLog)
          await migrate(opened.database, 'sessions', silentLog)
        })
        after(() => opened?.test.drop())
        return () => {
          if (!opened) throw new Error('only inside a test')
          return opened
        }
      })
    })
  }
}
