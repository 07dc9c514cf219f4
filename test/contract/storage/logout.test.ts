/** Back-Channel Logout §2.3 and §2.5 – which clients know a session, and what they are still to be told. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDuplicateKey } from '../../../src/storage/database.ts'
import { createStore } from '../../../src/storage/store.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { forEachDialect } from '../../support/databases.ts'
import { createScene, HOUR, NOW, type Scene } from '../../support/storage_fixtures.ts'

const memberOf = ({ realm, client }: Scene, sessionId = systemRandom.id()) => ({
  realmId: realm.realmId,
  sessionId,
  clientId: client.clientId,
  sid: sessionId,
  userId: 'the-sub',
  purgeAfter: NOW + HOUR,
})

const noticeOf = ({ realm, client }: Scene, changes: { sid?: string; createdAt?: number } = {}) => ({
  id: systemRandom.id(),
  realmId: realm.realmId,
  clientId: client.clientId,
  sid: systemRandom.id(),
  userId: 'the-sub',
  createdAt: NOW,
  ...changes,
})

const ALL = { limit: 100, notOf: [] }

describe('Back-Channel Logout §2.3 – who knows a session', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const begin = (): Promise<Scene> => createScene(createStore(opened().database))

    test('a client is in it once: of 20 that enter together the others find it entered, or are told of the collision', async () => {
      const scene = await begin()
      const member = memberOf(scene)
      const enter = () => scene.store.transaction(({ sessionClients }) => sessionClients.join(member))
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, enter))
      for (const outcome of outcomes) if (outcome.status === 'rejected') assert.ok(isDuplicateKey(outcome.reason))
      await enter()
      assert.deepEqual(await scene.store.sessionClients.list(member.sessionId), [member])
    })

    test('what one caller took is gone for every other, and other sessions are left alone', async () => {
      const scene = await begin()
      const { sessionClients } = scene.store
      const [first, second] = [memberOf(scene), memberOf(scene)]
      await sessionClients.join(first)
      await sessionClients.join(second)
      assert.deepEqual(await sessionClients.take([]), [])
      const taken = await sessionClients.take([first.sessionId, 'unknown'])
      assert.deepEqual(taken, [{ ...first, sid: first.sessionId }])
      assert.deepEqual(await sessionClients.take([first.sessionId]), [])
      assert.equal((await sessionClients.list(second.sessionId)).length, 1)
    })

    test('a session that takes the place of another keeps its clients, under the names they know', async () => {
      const scene = await begin()
      const { sessionClients } = scene.store
      const member = memberOf(scene)
      const next = systemRandom.id()
      await sessionClients.join(member)
      await sessionClients.move(member.sessionId, { sessionId: next, purgeAfter: NOW + 2 * HOUR })
      await sessionClients.join(memberOf(scene, next))
      const names = (await sessionClients.list(next)).map(({ sid }) => sid)
      assert.deepEqual(names.sort(), [member.sessionId, next].sort())
    })

    test('of a realm no more than the limit at a time, and nothing of another realm', async () => {
      const [scene, other] = [await begin(), await begin()]
      const { sessionClients } = scene.store
      for (let count = 0; count < 5; count++) await sessionClients.join(memberOf(scene))
      const stays = memberOf(other)
      await sessionClients.join(stays)
      const sizes: number[] = []
      for (let round = 0; round < 4; round++)
        sizes.push((await sessionClients.takeOfRealm(scene.realm.realmId, 2)).length)
      assert.deepEqual(sizes, [2, 2, 1, 0])
      assert.equal((await sessionClients.list(stays.sessionId)).length, 1)
    })

    test('nobody remembers who knew a session that is over', async () => {
      const scene = await begin()
      const member = memberOf(scene)
      await scene.store.sessionClients.join(member)
      await scene.store.purgeExpired(NOW + HOUR - 1, 100)
      assert.equal((await scene.store.sessionClients.list(member.sessionId)).length, 1)
      await scene.store.purgeExpired(NOW + HOUR, 100)
      assert.deepEqual(await scene.store.sessionClients.list(member.sessionId), [])
    })
  })
})

describe('Back-Channel Logout §2.5 – what is to be delivered', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const begin = async () => {
      const scene = await createScene(createStore(opened().database))
      const { logoutDeliveries } = scene.store
      const ofScene = async (now: number) =>
        (await logoutDeliveries.listDue(now, ALL)).filter(({ clientId }) => clientId === scene.client.clientId)
      return { scene, logoutDeliveries, ofScene }
    }

    test('not before its time, and not while somebody has it in hand', async () => {
      const { scene, logoutDeliveries, ofScene } = await begin()
      await logoutDeliveries.insert(noticeOf(scene))
      assert.deepEqual(await ofScene(NOW - 1), [])
      const [due] = await ofScene(NOW)
      assert.ok(due)
      assert.equal(await logoutDeliveries.claim(due, NOW + HOUR), true)
      assert.equal(await logoutDeliveries.claim(due, NOW + HOUR), false)
      assert.deepEqual(await ofScene(NOW + HOUR - 1), [])
      const [again] = await ofScene(NOW + HOUR)
      assert.equal(again?.attempts, 1)
    })

    test('whoever lost it can postpone it no more', async () => {
      const { scene, logoutDeliveries, ofScene } = await begin()
      await logoutDeliveries.insert(noticeOf(scene))
      const [first] = await ofScene(NOW)
      assert.ok(first && (await logoutDeliveries.claim(first, NOW + 1)))
      const [second] = await ofScene(NOW + 1)
      assert.ok(second && (await logoutDeliveries.claim(second, NOW + 2)))
      await logoutDeliveries.postpone(first, NOW + HOUR)
      assert.equal((await ofScene(NOW + 2)).length, 1)
      await logoutDeliveries.postpone(second, NOW + HOUR)
      assert.deepEqual(await ofScene(NOW + 2), [])
    })

    test('of one client and session the older one first', async () => {
      const { scene, logoutDeliveries, ofScene } = await begin()
      const [older, younger] = [noticeOf(scene, { sid: 's' }), noticeOf(scene, { sid: 's', createdAt: NOW + 1 })]
      const elsewhere = noticeOf(scene)
      for (const notice of [younger, older, elsewhere]) await logoutDeliveries.insert(notice)
      const ids = async (now: number) => (await ofScene(now)).map(({ id }) => id).sort()
      assert.deepEqual(await ids(NOW + 1), [older.id, elsewhere.id].sort())
      // Even while the older one waits for its next attempt.
      const [first] = (await ofScene(NOW + 1)).filter(({ id }) => id === older.id)
      assert.ok(first && (await logoutDeliveries.claim(first, NOW + HOUR)))
      assert.deepEqual(await ids(NOW + 1), [elsewhere.id])
      await logoutDeliveries.delete(older.id)
      assert.deepEqual(await ids(NOW + 1), [younger.id, elsewhere.id].sort())
    })

    test('a client that is busy is passed over, and one that is deleted is forgotten', async () => {
      const { scene, logoutDeliveries, ofScene } = await begin()
      await logoutDeliveries.insert(noticeOf(scene))
      const notOf = [scene.client.clientId]
      const others = await logoutDeliveries.listDue(NOW, { limit: 100, notOf })
      assert.ok(others.every(({ clientId }) => clientId !== scene.client.clientId))
      assert.equal((await ofScene(NOW)).length, 1)
      await scene.realm.clients.delete(scene.client.clientId)
      assert.deepEqual(await ofScene(NOW), [])
    })
  })
})
