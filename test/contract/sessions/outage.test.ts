/** F-6 – a session store that is away is said to be away, at once; nothing stale decides, and it heals by itself. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { SessionStore } from '../../../src/sessions/session_store.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import { openLine } from '../../support/line.ts'
import { freshHash, IDLE, SECOND, START, sampleSession } from './samples.ts'
import { remoteStores } from './stores.ts'

const PAUSE_MS = 50
const ATTEMPTS = 200

const heals = async (store: SessionStore): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store.check()
      return
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable, String(error))
      assert.ok(attempt < ATTEMPTS, 'the store does not come back')
      await delay(PAUSE_MS)
    }
  }
}

/** Every verb, so that none waits for ever or answers from memory. */
const assertAway = async (store: SessionStore, sessionId: string, hash: string): Promise<void> => {
  const questions = [
    () => store.insert(sampleSession(), freshHash()),
    () => store.findBySecret('realm', 'api', hash, START),
    () => store.find(sessionId, START),
    () => store.slide(sessionId, { lastSeenAt: START + 1, idleExpiresAt: START + IDLE * SECOND + 1 }),
    () => store.list('realm', { limit: 1 }, START),
    () => store.listIdsByUser('realm', 'user', START),
    () => store.listIdsByOwners('realm', [{ username: 'ada', authScheme: 'up' }], START),
    () => store.delete([sessionId]),
    () => store.deleteByRealm('realm'),
    () => store.check(),
  ]
  await Promise.all(questions.map((question) => assert.rejects(question(), StoreUnavailable)))
}

for (const { name, skip, address, openThrough } of remoteStores()) {
  describe(`session store on ${name} through a line that fails`, { skip }, () => {
    for (const fault of ['cut', 'freeze'] as const) {
      test(`F-6 – ${fault}: every verb says that the store is away, and works again afterwards`, async (t) => {
        const line = await openLine(`tcp://${address.host}:${address.port}`)
        t.after(() => line.close())
        const store = await openThrough(line.port)
        t.after(() => store.close())
        const session = sampleSession()
        const hash = freshHash()
        await store.insert(session, hash)

        line[fault]()
        await assertAway(store, session.sessionId, hash)
        line.mend()
        await heals(store)
        assert.deepEqual(await store.findBySecret(session.realmId, 'api', hash, START), session)
      })
    }

    test('F-6 – what was refused while the store was away does not happen later', async (t) => {
      const line = await openLine(`tcp://${address.host}:${address.port}`)
      t.after(() => line.close())
      const store = await openThrough(line.port)
      t.after(() => store.close())
      const kept = sampleSession()
      const refused = sampleSession()
      await store.insert(kept, freshHash())
      line.cut()
      await assert.rejects(store.insert(refused, freshHash()), StoreUnavailable)
      await assert.rejects(store.delete([kept.sessionId]), StoreUnavailable)
      line.mend()
      await heals(store)
      assert.ok(await store.find(kept.sessionId, START))
      assert.equal(await store.find(refused.sessionId, START), undefined)
    })
  })
}
