import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { createSqliteWriter } from '../../../src/storage/sqlite_writer.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'

const createWriter = () => {
  const executed: string[] = []
  const database = new BetterSqlite(':memory:', { verbose: (sql) => executed.push(String(sql)) })
  database.pragma('foreign_keys = ON')
  database.exec('create table t (id text primary key)')
  database.exec('create table owned (id text references t (id) deferrable initially deferred)')
  executed.length = 0
  const insert = (id: string) => () => database.prepare('insert into t values (?)').run(id).changes
  const ids = () => database.prepare('select id from t order by id').pluck().all()
  return { database, writer: createSqliteWriter(database), executed, insert, ids }
}

test('a unit that fails takes no other unit of its group with it', async () => {
  const { writer, insert, ids } = createWriter()
  const outcomes = await Promise.allSettled([writer.run(insert('a')), writer.run(insert('a')), writer.run(insert('b'))])
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(ids(), ['a', 'b'])
})

test('units that wait together share one commit, and none is told before it', async () => {
  const { writer, insert, executed } = createWriter()
  let isTold = false
  await Promise.all([
    writer.run(insert('a')).then(() => {
      isTold = true
      assert.equal(executed.at(-1), 'commit')
    }),
    writer.run(insert('b')),
    writer.run(insert('c')),
  ])
  assert.ok(isTold)
  assert.equal(executed.filter((sql) => sql === 'begin immediate').length, 1)
  assert.equal(executed.filter((sql) => sql === 'commit').length, 1)
})

test('a transaction that is rolled back leaves nothing, between two that are kept', async () => {
  const { writer, insert, ids } = createWriter()
  const transact = async (id: string, isKept: boolean): Promise<void> => {
    const turn = await writer.enter()
    insert(id)()
    await (isKept ? turn.commit() : turn.rollback())
  }
  await Promise.all([transact('a', true), transact('b', false), transact('c', true)])
  assert.deepEqual(ids(), ['a', 'c'])
})

test('a group whose commit fails fails as a whole, and the next one is not harmed', async () => {
  const { database, writer, insert, ids } = createWriter()
  const orphan = () => database.prepare(`insert into owned values ('nobody')`).run()
  const outcomes = await Promise.allSettled([writer.run(insert('a')), writer.run(orphan)])
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ['rejected', 'rejected'],
  )
  assert.equal(database.inTransaction, false)
  await writer.run(insert('b'))
  assert.deepEqual(ids(), ['b'])
})

test('a transaction that does not end is rolled back, and those behind it go on', async () => {
  const { writer, insert, ids } = createWriter()
  const stuck = await writer.enter({ waitMs: 60_000, holdMs: 1 })
  insert('stuck')()
  await writer.run(insert('next'))
  assert.ok(stuck.isOver)
  await assert.rejects(stuck.commit(), StoreUnavailable)
  assert.deepEqual(ids(), ['next'])
})

test('a unit that waited too long is given up without having run', async () => {
  const { writer, insert, ids } = createWriter()
  const turn = await writer.enter()
  const impatient = writer.enter({ waitMs: 1, holdMs: 1 })
  await assert.rejects(impatient, StoreUnavailable)
  insert('a')()
  await turn.commit()
  await sleep(1)
  assert.deepEqual(ids(), ['a'])
})

test('closing waits for what is still to be written', async () => {
  const { writer, insert, ids } = createWriter()
  const written = writer.run(insert('a'))
  await writer.settle()
  await written
  assert.deepEqual(ids(), ['a'])
})
