/** T-LG-01, P-10 – the audit of a realm is one chain, whoever writes to it at once, and every change of it shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainKeysOf, GENESIS } from '../../../src/storage/audit_chain.ts'
import { newAuditEvent } from '../../../src/storage/audit_events.ts'
import { verifyAudit } from '../../../src/storage/audit_verification.ts'
import { createStore } from '../../../src/storage/store.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { forEachDialect } from '../../support/databases.ts'
import { createScene } from '../../support/storage_fixtures.ts'

const KEY = Buffer.alloc(32, 1).toString('base64url')
const OTHER_KEY = Buffer.alloc(32, 2).toString('base64url')

const event = (target: string, occurredAt = systemClock.now()) => ({
  ...newAuditEvent({ clock: systemClock, random: systemRandom }, undefined, { type: 'client.updated', target }),
  occurredAt,
})

forEachDialect((_dialect, open) => {
  const opened = open()

  const scene = async (keys = chainKeysOf({ encryption_key: KEY })) => {
    const { database } = opened()
    const store = createStore(database, keys)
    const { realm } = await createScene(store)
    const write = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) await realm.audit.insert(event(String(index)))
    }
    const verify = (by = keys, known?: { sequence: number; hash: string }) => verifyAudit(realm.audit, by, known)
    const tamper = (sequence: number) =>
      database.db.updateTable('audit_events').where('realm_id', '=', realm.realmId).where('sequence', '=', sequence)
    const remove = (sequence: number) =>
      database.db.deleteFrom('audit_events').where('realm_id', '=', realm.realmId).where('sequence', '=', sequence)
    return { store, realm, write, verify, tamper, remove }
  }

  test('an empty chain is whole', async () => {
    assert.deepEqual(await (await scene()).verify(), {
      events: 0,
      sequence: 0,
      hash: GENESIS,
      keyed_from: null,
      problems: [],
    })
  })

  test('T-LG-01 – events that are written at once, twenty alone and twenty in transactions, are one chain without a gap', async () => {
    const { store, realm, verify } = await scene()
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2
          ? realm.audit.insert(event(String(index)))
          : store.transaction(async (repositories) => {
              await repositories.realms.bumpVersion(realm.realmId)
              await repositories.realm(realm.realmId).audit.insert(event(String(index)))
            }),
      ),
    )
    const result = await verify()
    assert.deepEqual([result.events, result.sequence, result.problems], [40, 40, []])
  })

  test('an event whose transaction is taken back leaves no gap', async () => {
    const { store, realm, write, verify } = await scene()
    await write(1)
    await assert.rejects(
      store.transaction(async (repositories) => {
        await repositories.realm(realm.realmId).audit.insert(event('never'))
        throw new Error('taken back')
      }),
      /taken back/,
    )
    await write(1)
    assert.deepEqual((await verify()).problems, [])
  })

  test('T-LG-01 – a row that is changed, missing, moved or cut off at the end is named', async () => {
    const changed = await scene()
    await changed.write(5)
    await changed.tamper(3).set({ principal: 'somebody else' }).execute()
    assert.deepEqual(
      (await changed.verify()).problems.map(({ sequence, problem }) => [sequence, problem]),
      [[3, 'changed']],
    )

    const missing = await scene()
    await missing.write(5)
    await missing.remove(3).execute()
    assert.deepEqual(
      (await missing.verify()).problems.map(({ sequence, problem }) => [sequence, problem]),
      [[4, 'missing']],
    )

    const moved = await scene()
    await moved.write(5)
    await moved.tamper(2).set({ sequence: 99 }).execute()
    await moved.tamper(3).set({ sequence: 2 }).execute()
    await moved.tamper(99).set({ sequence: 3 }).execute()
    const found = (await moved.verify()).problems.map(({ sequence }) => sequence)
    assert.ok(found.includes(2) && found.includes(3), String(found))

    const cut = await scene()
    await cut.write(5)
    await cut.remove(5).execute()
    assert.deepEqual(
      (await cut.verify()).problems.map(({ sequence, problem }) => [sequence, problem]),
      [[5, 'cut_off']],
    )
  })

  test('T-LG-01 – who changes a row and makes its hash anew without the key is found, and so is a shorter chain by a head that was kept', async () => {
    const { store, realm, write, verify, remove } = await scene()
    await write(4)
    const head = await realm.audit.head()
    const forger = createStore(opened().database).realm(realm.realmId)
    await forger.audit.insert(event('forged'))
    // Without a key the forger's own event is no hash of ours.
    assert.deepEqual(
      (await verify()).problems.map(({ problem }) => problem),
      ['unkeyed'],
    )
    await remove(5).execute()
    await remove(4).execute()
    await opened()
      .database.db.updateTable('audit_chains')
      .set({ sequence: 3 })
      .where('realm_id', '=', realm.realmId)
      .execute()
    assert.deepEqual((await verify()).problems, [], 'nothing in the database tells')
    const told = await verify(undefined, head)
    assert.deepEqual(
      told.problems.map(({ sequence, problem }) => [sequence, problem]),
      [[4, 'cut_off']],
    )
    assert.ok(store)
  })

  test('a change of the key keeps what was written under the one before; without both it is told', async () => {
    const { realm, write, verify } = await scene()
    await write(2)
    const both = chainKeysOf({ encryption_key: OTHER_KEY, previous_encryption_key: KEY })
    await createStore(opened().database, both).realm(realm.realmId).audit.insert(event('later'))
    assert.deepEqual((await verify(both)).problems, [])
    const without = await verify(chainKeysOf({ encryption_key: OTHER_KEY }))
    assert.deepEqual([...new Set(without.problems.map(({ problem }) => problem))], ['key_unknown'])
  })

  test('what is beyond retention goes from the beginning, and the rest is still a whole chain', async () => {
    const { realm, verify } = await scene()
    const deps = { clock: systemClock, random: systemRandom }
    const now = systemClock.now()
    for (const age of [5, 4, 3, 2, 1]) await realm.audit.insert(event(String(age), now - age * 1_000))
    const early = await realm.audit.head()
    assert.equal(await realm.audit.removeOld(now - 2_500, 2, deps), 2)
    assert.equal(await realm.audit.removeOld(now - 2_500, 2, deps), 1)
    assert.equal(await realm.audit.removeOld(now - 2_500, 2, deps), 0)
    const result = await verify()
    // Two events are left, and each of the two removals is one.
    assert.deepEqual([result.events, result.sequence, result.problems], [4, 7, []])
    assert.equal(await realm.audit.removeOld(systemClock.now() + 1_000, 100, deps), 4)
    await realm.audit.insert(event('after'))
    assert.deepEqual((await verify()).problems, [])
    assert.deepEqual((await verify(undefined, early)).problems, [], 'a head that was kept lies in what was removed')
  })

  const forgedBegin = async (through: number, rows: number) => {
    const it = await scene()
    await it.write(5)
    const { hash } = (await it.realm.audit.chain(through - 1, 1))[0] ?? { hash: 'invented' }
    const { db } = opened().database
    await db.deleteFrom('audit_events').where('realm_id', '=', it.realm.realmId).where('sequence', '<=', rows).execute()
    const mark = { removed_through: through, removed_hash: hash }
    await db.updateTable('audit_chains').set(mark).where('realm_id', '=', it.realm.realmId).execute()
    return it
  }

  test('T-LG-01 – a beginning, or everything, that was taken away as if it were beyond retention is found', async () => {
    const begin = await forgedBegin(4, 4)
    assert.deepEqual(
      (await begin.verify()).problems.map(({ sequence, problem }) => [sequence, problem]),
      [[4, 'cut_off']],
    )
    const all = await forgedBegin(5, 5)
    assert.deepEqual(
      (await all.verify()).problems.map(({ sequence, problem }) => [sequence, problem]),
      [[5, 'cut_off']],
    )
    const kept = await all.verify(undefined, { sequence: 5, hash: 'another' })
    assert.ok(kept.problems.some(({ problem }) => problem === 'changed'))
  })

  test('T-LG-01 – a chain that was written anew without the key is found where there is one', async () => {
    const { realm, verify } = await scene()
    const forger = createStore(opened().database).realm(realm.realmId)
    for (let index = 0; index < 3; index++) await forger.audit.insert(event(String(index)))
    assert.deepEqual((await verify(chainKeysOf({}))).problems, [], 'where there is none nothing tells')
    assert.deepEqual(
      (await verify()).problems.map(({ problem }) => problem),
      ['unkeyed'],
    )
  })
})
