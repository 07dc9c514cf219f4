/** The schema is made once, by one process at a time, and never guessed at. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { table } from '../../../migrations/ddl.ts'
import type { Migration } from '../../../migrations/migration.ts'
import { primary } from '../../../migrations/registry.ts'
import { type Database, type Dialect, openDatabase } from '../../../src/storage/database.ts'
import {
  MigrationError,
  migrate,
  pendingMigrations,
  prepareSchema,
  printMigrations,
} from '../../../src/storage/migrate.ts'
import { startChild } from '../../support/child_process.ts'
import { createTestDatabase, DIALECTS, silentLog, skipDialect, type TestDatabase } from '../../support/databases.ts'
import { dumpSchema, runScript, withSession } from '../../support/schema_dump.ts'

const PRIMARY = primary.map((migration) => `primary/${migration.id}`)
const EVERYTHING = [...PRIMARY, 'sessions/0001_sessions']

const migrateAll = async <S>(database: Database<S>): Promise<string[]> => [
  ...(await migrate(database, 'primary', silentLog)),
  ...(await migrate(database, 'sessions', silentLog)),
]

const pendingOfAll = async <S>(database: Database<S>): Promise<string[]> => [
  ...(await pendingMigrations(database, 'primary')),
  ...(await pendingMigrations(database, 'sessions')),
]

const fruit = (...names: string[]): Migration => ({
  id: '0001_fruit',
  statements: (dialect) => names.flatMap((name) => table(dialect, name, { id: 'id' }, { primary: ['id'] })),
})

const broken: Migration = {
  id: '0002_broken',
  statements: (dialect) => [...table(dialect, 'half', { id: 'id' }, { primary: ['id'] }), 'create tabel nonsense'],
}

const repaired: Migration = {
  id: '0002_broken',
  statements: (dialect) => [
    ...table(dialect, 'half', { id: 'id' }, { primary: ['id'] }),
    ...table(dialect, 'whole', { id: 'id' }, { primary: ['id'] }),
  ],
}

const states = <S>(database: Database<S>): Promise<unknown[]> =>
  withSession(database, async (session) => {
    const rows = await session.run('select id, state from schema_migrations order by id')
    return rows.map((row) => [row.id, row.state])
  })

const hasTable = <S>(database: Database<S>, name: string): Promise<boolean> =>
  withSession(database, async (session) => {
    try {
      await session.run(`select count(*) from ${name}`)
      return true
    } catch {
      return false
    }
  })

/** The same database, whose migration session dies before its statement number `dies`. */
const dying = <S>(database: Database<S>, dies: number): Database<S> => ({
  ...database,
  async openMigrationSession() {
    const session = await database.openMigrationSession()
    let count = 0
    return {
      ...session,
      run(sql, parameters) {
        count += 1
        return count >= dies ? Promise.reject(new Error('died')) : session.run(sql, parameters)
      },
    }
  },
})

/** How many statements a migration of the empty database takes, bookkeeping and all. */
const countStatements = async <S>(database: Database<S>): Promise<number> => {
  let count = 0
  const counting: Database<S> = {
    ...database,
    async openMigrationSession() {
      const session = await database.openMigrationSession()
      return {
        ...session,
        run(sql, parameters) {
          count += 1
          return session.run(sql, parameters)
        },
      }
    },
  }
  await migrate(counting, 'primary', silentLog)
  return count
}

const goldenOf = async (dialect: Dialect): Promise<unknown> => {
  const fresh = await createTestDatabase(dialect)
  try {
    const database = fresh.connect()
    await migrateAll(database)
    return await dumpSchema(database)
  } finally {
    await fresh.drop()
  }
}

test('a database that is not there is named with the reason, and without its password', async () => {
  const params = { max_connections: 1, min_connections: 0, connect_timeout_secs: 1, idle_timeout_secs: 1 }
  for (const backend of ['postgresql', 'mysql'] as const) {
    const connection_url = `${backend}://user:hidden@localhost:1/db`
    const database = openDatabase({ ...params, backend, connection_url }, silentLog)
    await assert.rejects(migrate(database, 'primary', silentLog), (error) => {
      assert.ok(error instanceof MigrationError)
      assert.match(
        error.message,
        new RegExp(`^database_params: the ${backend} database cannot be used: .*ECONNREFUSED`),
      )
      assert.doesNotMatch(inspect(error, { depth: 9 }), /hidden/)
      return true
    })
    await database.close()
  }
})

describe('migrations', () => {
  for (const dialect of DIALECTS)
    describe(dialect, { skip: skipDialect(dialect) }, () => {
      /** A test on an empty database of its own. */
      const onEmpty = (name: string, work: (database: Database, fresh: TestDatabase) => Promise<void>): void => {
        test(name, async () => {
          const fresh = await createTestDatabase(dialect)
          try {
            await work(fresh.connect(), fresh)
          } finally {
            await fresh.drop()
          }
        })
      }

      onEmpty('an empty database gets everything once, in order', async (database) => {
        assert.deepEqual(await pendingOfAll(database), EVERYTHING)
        assert.deepEqual(await migrateAll(database), EVERYTHING)
        assert.deepEqual(await migrateAll(database), [])
        assert.deepEqual(await pendingOfAll(database), [])
      })

      onEmpty(
        'F-14 ten processes that start at once on an empty database all come up, and each step ran once',
        async (database, fresh) => {
          const task = { task: 'migrate', params: fresh.params, set: 'primary' } as const
          const children = await Promise.all(Array.from({ length: 10 }, () => startChild(task)))
          for (const child of children) child.begin()
          const results = (await Promise.all(children.map((child) => child.result()))) as string[][]
          assert.deepEqual(results.flat().sort(), PRIMARY)
          assert.deepEqual(await pendingMigrations(database, 'primary'), [])
        },
      )

      onEmpty('T-OP-10 – an edited migration is refused and named', async (database) => {
        await migrate(database, 'primary', silentLog, [fruit('apple')])
        const edited = [fruit('apple', 'pear')]
        const refusal = { name: 'MigrationError', message: /another content: primary\/0001_fruit\./ }
        await assert.rejects(migrate(database, 'primary', silentLog, edited), refusal)
        await assert.rejects(pendingMigrations(database, 'primary', edited), refusal)
        assert.equal(await hasTable(database, 'pear'), false)
      })

      onEmpty('F-38 a database of a newer version is refused', async (database) => {
        await migrate(database, 'primary', silentLog, [fruit('apple'), repaired])
        await assert.rejects(migrate(database, 'primary', silentLog, [fruit('apple')]), {
          name: 'MigrationError',
          message: /does not know: primary\/0002_broken\./,
        })
        assert.deepEqual(await migrate(database, 'primary', silentLog, [fruit('apple')], 'accepted'), [])
      })

      onEmpty('a migration that is missing before one that ran is refused', async (database) => {
        await migrate(database, 'primary', silentLog, [repaired])
        await assert.rejects(migrate(database, 'primary', silentLog, [fruit('apple'), repaired]), {
          name: 'MigrationError',
          message: /primary\/0001_fruit is missing/,
        })
      })

      onEmpty(
        'F-16 a failed migration is named with its statement, and runs again once it is repaired',
        async (database) => {
          const failure = await migrate(database, 'primary', silentLog, [fruit('apple'), broken]).catch(
            (error) => error,
          )
          assert.ok(failure instanceof MigrationError)
          assert.match(failure.message, /primary\/0002_broken failed at statement 2 of 2: /)
          assert.equal(await hasTable(database, 'apple'), true)
          const leavesHalf = dialect === 'mysql'
          assert.equal(await hasTable(database, 'half'), leavesHalf)
          assert.deepEqual(await states(database), [
            ['0001_fruit', 'done'],
            ...(leavesHalf ? [['0002_broken', 'started']] : []),
          ])
          assert.deepEqual(await pendingMigrations(database, 'primary', [fruit('apple'), broken]), [
            'primary/0002_broken',
          ])

          assert.deepEqual(await migrate(database, 'primary', silentLog, [fruit('apple'), repaired]), [
            'primary/0002_broken',
          ])
          assert.equal(await hasTable(database, 'whole'), true)
          assert.deepEqual(await migrate(database, 'primary', silentLog, [fruit('apple'), repaired]), [])
        },
      )

      test('F-13 a migration that dies before any of its statements is finished by the next start', async () => {
        const golden = await goldenOf(dialect)
        const counted = await createTestDatabase(dialect)
        const statements = await countStatements(counted.connect())
        await counted.drop()
        const step = Math.ceil(statements / 8)
        for (let dies = 2; dies <= statements; dies += step) {
          const fresh = await createTestDatabase(dialect)
          const database = fresh.connect()
          await assert.rejects(migrate(dying(database, dies), 'primary', silentLog), /died/)
          await migrateAll(database)
          assert.deepEqual(await dumpSchema(database), golden, `after ${dies} of ${statements} statements`)
          await fresh.drop()
        }
      })

      onEmpty('what is printed is what runs, and leaves nothing pending', async (database) => {
        await runScript(database, printMigrations(dialect))
        assert.deepEqual(await dumpSchema(database), await goldenOf(dialect))
        assert.deepEqual(await pendingOfAll(database), [])
        await database.check()
      })

      onEmpty(
        'auto_init_schema = false: start fails with the list of what is missing, and changes nothing',
        async (database) => {
          const refusal = await prepareSchema(
            database,
            'primary',
            { auto_init_schema: false, newer: 'refused' },
            silentLog,
          ).catch((error) => error)
          assert.ok(refusal instanceof MigrationError)
          for (const name of PRIMARY) assert.ok(refusal.message.includes(name))
          assert.equal(await hasTable(database, 'schema_migrations'), false)
          await runScript(database, printMigrations(dialect))
          await prepareSchema(database, 'primary', { auto_init_schema: false, newer: 'refused' }, silentLog)
          await prepareSchema(database, 'sessions', { auto_init_schema: false, newer: 'refused' }, silentLog)
        },
      )

      onEmpty('auto_init_schema = true: the schema is made at start', async (database) => {
        await prepareSchema(database, 'primary', { auto_init_schema: true, newer: 'refused' }, silentLog)
        assert.deepEqual(await pendingMigrations(database, 'primary'), [])
      })
    })
})
