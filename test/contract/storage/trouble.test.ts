/** a database that cannot answer is said to be unavailable, nothing waits for long, and everything heals by itself. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import BetterSqlite from 'better-sqlite3'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../../src/storage/database.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import type { Schema } from '../../../src/storage/schema.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import {
  createTestDatabase,
  forEachDialect,
  silentLog,
  skipDialect,
  type TestDatabase,
} from '../../support/databases.ts'
import { type Line, openLine } from '../../support/line.ts'
import { aClient, createScene, insertFamily, NOW, type Scene, settings } from '../../support/storage_fixtures.ts'

const isUnavailable = (error: unknown): boolean => error instanceof StoreUnavailable && error.retryAfterSeconds === 1

/** Tries until it works; how long that takes is not asked. */
const heals = async (work: () => Promise<unknown>): Promise<void> => {
  for (let tries = 0; tries < 50; tries++) {
    try {
      await work()
      return
    } catch (error) {
      assert.ok(isUnavailable(error), inspect(error))
      await sleep(20)
    }
  }
  assert.fail('did not heal')
}

/** A promise and what settles it. */
const createGate = (): { opened: Promise<void>; open: () => void } => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

const holdTransaction = (database: Database, first: (transaction: Kysely<Schema>) => Promise<unknown>) => {
  const gate = createGate()
  const started = createGate()
  const finished = database.transaction(async (transaction) => {
    await first(transaction)
    started.open()
    await gate.opened
  })
  return { started: started.opened, finished, finish: gate.open }
}

/** Ends every other connection to the database, as an administrator does. */
const endConnections = async (dialect: 'postgresql' | 'mysql', fresh: TestDatabase): Promise<void> => {
  const administrator = fresh.connect({ max_connections: 1 })
  if (dialect === 'postgresql') {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()`.execute(administrator.db)
  } else {
    const { rows } = await sql<{ id: number }>`
      select id from information_schema.processlist where db = database() and id <> connection_id()`.execute(
      administrator.db,
    )
    for (const { id } of rows) await sql`kill ${sql.lit(id)}`.execute(administrator.db)
  }
  await administrator.close()
  await sleep(20)
}

// Most of the time here is spent waiting for deadlines: the suites wait side by side.
describe('trouble', { concurrency: true }, () => {
  forEachDialect((_dialect, open) => {
    const opened = open()

    test('an error tells nothing of the row that it is about', async () => {
      const it = await createScene(createStore(opened().database))
      const key = { kid: 'k', alg: 'ES256', publicJwk: {}, privateKey: 'very-secret', createdAt: NOW, dueAt: NOW }
      const nowhere = it.store.realm('nowhere').signingKeys.insertActive(key)
      const error = await nowhere.catch((reason: unknown) => reason)
      assert.ok(error instanceof Error)
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /very-secret/)
    })

    test('a transaction that waits for what another one holds ends as unavailable, and the other one goes on', async () => {
      const { database } = opened()
      const it = await createScene(createStore(database))
      const family = await insertFamily(it)
      const touch = (db: Kysely<Schema>) =>
        db
          .updateTable('refresh_families')
          .set({ rotated_at: NOW + 1 })
          .where('id', '=', family.id)
          .execute()
      const holder = holdTransaction(database, touch)
      await holder.started
      await assert.rejects(database.transaction(touch), isUnavailable)
      holder.finish()
      await holder.finished
      await database.transaction(touch)
    })
  })

  for (const dialect of ['postgresql', 'mysql'] as const)
    describe(`${dialect} over a line`, { skip: skipDialect(dialect), concurrency: 1 }, () => {
      let fresh: TestDatabase
      let line: Line
      let database: Database
      let store: Store
      let scene: Scene

      before(async () => {
        fresh = await createTestDatabase(dialect)
        await migrate(fresh.connect(), 'primary', silentLog)
        line = await openLine(fresh.params.connection_url)
        database = fresh.connect({ connection_url: line.url, max_connections: 4 })
        store = createStore(database)
        scene = await createScene(store)
      })

      after(async () => {
        await fresh.drop()
        await line.close()
      })

      const read = () => scene.realm.clients.find(scene.client.clientId)
      const write = () => scene.realm.clients.insert(aClient())
      const transact = () => store.transaction((inside) => inside.realms.bumpVersion(scene.realm.realmId))

      test('F-1 a line that is cut: unavailable at once, and healed when it is mended', async () => {
        await Promise.all([read(), write(), transact(), read()])
        line.cut()
        for (const work of [read, write, transact]) await assert.rejects(work, isUnavailable)
        line.mend()
        await heals(read)
        await Promise.all([read(), write(), transact(), read()])
      })

      test('F-4 a line that swallows everything: unavailable, for statements and for new connections', async () => {
        await Promise.all([read(), read()])
        line.freeze()
        const outcomes = await Promise.allSettled([
          read(),
          write(),
          transact(),
          read(),
          write(),
          transact(),
          database.check(),
        ])
        for (const outcome of outcomes)
          assert.ok(outcome.status === 'rejected' && isUnavailable(outcome.reason), inspect(outcome))
        line.mend()
        await heals(read)
        await Promise.all([read(), write(), transact(), read(), write(), transact(), database.check()])
      })

      test('a line that is cut in the middle of a transaction: unavailable, and nothing of it is kept', async () => {
        const client = aClient()
        const cut = store.transaction(async (inside) => {
          await inside.realm(scene.realm.realmId).clients.insert(client)
          line.cut()
          await sleep(20)
          await inside.realms.bumpVersion(scene.realm.realmId)
        })
        await assert.rejects(cut, isUnavailable)
        line.mend()
        await heals(async () => assert.equal(await scene.realm.clients.find(client.clientId), undefined))
      })

      test('F-3 when every connection is taken, the next caller is told so and nothing leaks', async () => {
        const holders = Array.from({ length: 4 }, () =>
          holdTransaction(database, (transaction) => transaction.selectFrom('realms').select('id').limit(1).execute()),
        )
        await Promise.all(holders.map((holder) => holder.started))
        await Promise.all([read(), transact()].map((work) => assert.rejects(work, isUnavailable)))
        for (const holder of holders) holder.finish()
        await Promise.all(holders.map((holder) => holder.finished))
        await Promise.all(Array.from({ length: 20 }, read))
      })

      test('F-1 a connection that the server ends in the middle of a transaction: unavailable, nothing kept, then healed', async () => {
        const client = aClient()
        const holder = holdTransaction(database, async (transaction) => {
          await createStore({ ...database, db: transaction })
            .realm(scene.realm.realmId)
            .clients.insert(client)
        })
        await holder.started
        await endConnections(dialect, fresh)
        holder.finish()
        await assert.rejects(holder.finished, isUnavailable)
        await heals(async () => assert.equal(await scene.realm.clients.find(client.clientId), undefined))
        await heals(write)
      })

      test('a statement that takes too long ends on both sides', async () => {
        const sleeping = dialect === 'mysql' ? sql`select sleep(30)` : sql`select pg_sleep(30)`
        await assert.rejects(sleeping.execute(database.db), isUnavailable)
        await heals(read)
      })

      test('connections that the server ends while nobody uses them are replaced', async () => {
        await Promise.all(Array.from({ length: 4 }, read))
        line.cut()
        await sleep(50)
        line.mend()
        await heals(read)
      })

      test('a server that does not know us is unavailable, and its address shows no password', async () => {
        const url = new URL(fresh.params.connection_url)
        url.username = 'nobody'
        url.password = 'hidden-password'
        const unknown = fresh.connect({ connection_url: url.href })
        const error = await unknown.db
          .selectFrom('realms')
          .select('id')
          .execute()
          .catch((reason: unknown) => reason)
        assert.ok(isUnavailable(error), inspect(error))
        assert.doesNotMatch(inspect(error, { depth: 9 }), /hidden-password/)
      })
    })

  describe('postgresql', { skip: skipDialect('postgresql'), concurrency: 1 }, () => {
    test('F-1, F-5 backends that are ended and a primary that became read-only: unavailable, then healed', async () => {
      const fresh = await createTestDatabase('postgresql')
      const database = fresh.connect({ max_connections: 2 })
      await migrate(database, 'primary', silentLog)
      const store = createStore(database)
      const insert = (id: string) => store.realms.insert({ id, settings, now: NOW })
      const administrator = fresh.connect({ max_connections: 1 })
      const name = sql.id(new URL(fresh.params.connection_url).pathname.slice(1))
      await insert('before')
      await sql`alter database ${name} set default_transaction_read_only = on`.execute(administrator.db)
      await endConnections('postgresql', fresh)
      await heals(() => store.realms.find('before'))
      await assert.rejects(insert('read-only'), isUnavailable)
      await administrator.transaction(async (transaction) => {
        await sql`set transaction read write`.execute(transaction)
        await sql`alter database ${name} reset default_transaction_read_only`.execute(transaction)
      })
      await endConnections('postgresql', fresh)
      await heals(() => insert('healed'))
      assert.deepEqual(
        (await store.realms.list({ limit: 9 })).items.map((realm) => realm.id),
        ['before', 'healed'],
      )
      await fresh.drop()
    })
  })

  describe('sqlite', { concurrency: 1 }, () => {
    const withStore = async (work: (store: Store, database: Database, path: string) => Promise<void>) => {
      const fresh = await createTestDatabase('sqlite')
      const database = fresh.connect()
      await migrate(database, 'primary', silentLog)
      try {
        await work(createStore(database), database, fresh.params.connection_url.slice('sqlite://'.length))
      } finally {
        await fresh.drop()
      }
    }

    test('while another process holds the file, writes are unavailable, reads and the process go on', async () => {
      await withStore(async (store, _database, path) => {
        await store.realms.insert({ id: 'there', settings, now: NOW })
        const other = new BetterSqlite(path)
        other.exec('begin immediate')
        let ticks = 0
        const ticking = setInterval(() => {
          ticks += 1
        }, 10)
        const write = store.realms.insert({ id: 'not-yet', settings, now: NOW })
        assert.equal((await store.realms.find('there'))?.id, 'there')
        await assert.rejects(write, isUnavailable)
        clearInterval(ticking)
        assert.ok(ticks > 10, 'the event loop was not stopped')
        other.exec('rollback')
        other.close()
        await store.realms.insert({ id: 'not-yet', settings, now: NOW })
      })
    })

    test('F-9 a full disk: writes are unavailable, reads go on, and it heals when there is space', async () => {
      await withStore(async (store, database) => {
        await store.realms.insert({ id: 'there', settings, now: NOW })
        await sql`pragma max_page_count = 1`.execute(database.db)
        const write = (id: string) =>
          store.transaction(async (inside) => {
            await inside.realms.insert({ id, settings, now: NOW })
            const realm = inside.realm(id)
            for (let i = 0; i < 50; i++) await realm.clients.insert(aClient({ clientId: `${id}-${i}` }))
          })
        const outcomes = await Promise.allSettled([write('a'), write('b'), write('c')])
        for (const outcome of outcomes)
          assert.ok(outcome.status === 'rejected' && isUnavailable(outcome.reason), inspect(outcome))
        assert.deepEqual(
          (await store.realms.list({ limit: 9 })).items.map((realm) => realm.id),
          ['there'],
        )
        await sql`pragma max_page_count = 1000000`.execute(database.db)
        await write('a')
        assert.equal((await store.realm('a').clients.list({ limit: 99 })).items.length, 50)
      })
    })

    test('the outer handle inside a transaction does not wait forever', async () => {
      await withStore(async (store) => {
        const mistaken = store.transaction(async () => {
          await store.realms.insert({ id: 'outer', settings, now: NOW })
        })
        await assert.rejects(mistaken, isUnavailable)
        await store.realms.insert({ id: 'outer', settings, now: NOW })
      })
    })
  })
})
