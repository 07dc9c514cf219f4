/** What only Redis can get wrong: times to live, sessions that vanish, indexes that have to be weeded. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createRedisSessionStore } from '../../../src/sessions/redis.ts'
import { realmKey, secretKey, sessionKey, userKey, usernameKey } from '../../../src/sessions/redis_scripts.ts'
import type { Session, SessionStore } from '../../../src/sessions/session_store.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import { createLog } from '../../../src/system/log.ts'
import { skipWithout } from '../../support/backends.ts'
import { silentLog } from '../../support/databases.ts'
import { openLine } from '../../support/line.ts'
import { ABSOLUTE, freshHash, freshRealmId, IDLE, SECOND, START, sampleSession } from './samples.ts'
import { redisUrl } from './stores.ts'

/** How much of a time to live may be gone by the time it is read back. */
const TOLERANCE_MS = 2_000

describe('session store on redis alone', { skip: skipWithout('redis') }, () => {
  let store: SessionStore
  let redis: Redis

  before(async () => {
    // A database of its own: it is emptied below.
    const own = new URL(redisUrl())
    own.pathname = '/15'
    redis = new Redis(own.href)
    store = createRedisSessionStore(own.href, silentLog)
    await store.check()
  })
  after(async () => {
    await store.close()
    await redis.flushdb()
    await redis.quit()
  })

  const inserted = async (changes: Partial<Session> = {}): Promise<{ session: Session; hash: string }> => {
    const session = sampleSession(changes)
    const hash = freshHash()
    await store.insert(session, hash)
    return { session, hash }
  }

  const assertTtl = async (key: string, expectedMs: number): Promise<void> => {
    const ttl = await redis.pttl(key)
    assert.ok(ttl <= expectedMs && ttl > expectedMs - TOLERANCE_MS, `${ttl} ms instead of ${expectedMs}`)
  }

  test('T-SE-18 – the time to live is what the session has left: its idle time', async () => {
    const { session, hash } = await inserted()
    await assertTtl(sessionKey(session.sessionId), IDLE * SECOND)
    await assertTtl(secretKey(hash), IDLE * SECOND)
  })

  test('T-SE-18 – the time to live is never more than what is left of the absolute time', async () => {
    const { session, hash } = await inserted({ expiresAt: START + 60 * SECOND })
    await assertTtl(sessionKey(session.sessionId), 60 * SECOND)
    await assertTtl(secretKey(hash), 60 * SECOND)

    const used = await inserted()
    const lastSeenAt = START + (IDLE - 1) * SECOND
    await store.slide(used.session.sessionId, { lastSeenAt, idleExpiresAt: START + 10 * ABSOLUTE * SECOND })
    await assertTtl(sessionKey(used.session.sessionId), START + ABSOLUTE * SECOND - lastSeenAt)
    await assertTtl(secretKey(used.hash), START + ABSOLUTE * SECOND - lastSeenAt)
  })

  test('the time to live is counted by the clock of this process, however far the clock of Redis is from it', async () => {
    const then = 1_000
    const { session } = await inserted({
      createdAt: then,
      lastSeenAt: then,
      idleExpiresAt: then + 5 * SECOND,
      expiresAt: then + 50 * SECOND,
    })
    await assertTtl(sessionKey(session.sessionId), 5 * SECOND)
    await store.slide(session.sessionId, { lastSeenAt: then + SECOND, idleExpiresAt: then + 11 * SECOND })
    await assertTtl(sessionKey(session.sessionId), 10 * SECOND)
  })

  test('use that comes too late leaves the time to live alone', async () => {
    const { session } = await inserted()
    await store.slide(session.sessionId, { lastSeenAt: START - SECOND, idleExpiresAt: START + SECOND })
    await assertTtl(sessionKey(session.sessionId), IDLE * SECOND)
  })

  test('a deleted session leaves neither itself nor its secret behind', async () => {
    const { session, hash } = await inserted()
    await store.delete([session.sessionId])
    await store.slide(session.sessionId, { lastSeenAt: START + 1, idleExpiresAt: START + IDLE * SECOND + 1 })
    assert.equal(await redis.exists(sessionKey(session.sessionId), secretKey(hash)), 0)
  })

  test('no key and no value is the secret; every key dies by itself', async () => {
    await redis.flushdb()
    const { session } = await inserted()
    const keys = await redis.keys('*')
    assert.equal(keys.length, 5)
    for (const key of keys) assert.ok((await redis.pttl(key)) > 0, key)
    await assertTtl(realmKey(session.realmId), ABSOLUTE * SECOND)
  })

  test('ids of sessions that are gone leave the indexes when they are looked at', async () => {
    const realmId = freshRealmId()
    const gone = await inserted({ realmId })
    const kept = await inserted({ realmId })
    await redis.del(sessionKey(gone.session.sessionId))
    const { items } = await store.list(realmId, { limit: 10 }, START)
    assert.deepEqual(items, [kept.session])
    assert.deepEqual(await redis.zrange(realmKey(realmId), '0', '-1'), [kept.session.sessionId])
  })

  test('indexes that nobody looks at do not grow with sessions that are gone', async () => {
    const realmId = freshRealmId()
    const { userId, username } = sampleSession()
    for (let count = 0; count < 300; count += 1) {
      const { session } = await inserted({ realmId, userId, username })
      await redis.del(sessionKey(session.sessionId))
    }
    for (const index of [realmKey(realmId), userKey(realmId, userId), usernameKey(realmId, username)]) {
      const size = await redis.zcard(index)
      assert.ok(size < 30, `${size} ids of no session`)
    }
  })

  test('pages are filled although most ids of the index lead nowhere', async () => {
    const realmId = freshRealmId()
    const sessions = await Promise.all(Array.from({ length: 60 }, () => inserted({ realmId })))
    const inOrder = sessions.map(({ session }) => session.sessionId).sort()
    const dead = inOrder.filter((_, position) => position % 6 !== 0)
    await redis.del(...dead.map(sessionKey))
    const page = await store.list(realmId, { limit: 4 }, START)
    const alive = inOrder.filter((_, position) => position % 6 === 0)
    assert.deepEqual(
      page.items.map(({ sessionId }) => sessionId),
      alive.slice(0, 4),
    )
    const rest = await store.list(realmId, { after: page.next, limit: 10 }, START)
    assert.deepEqual(
      rest.items.map(({ sessionId }) => sessionId),
      alive.slice(4),
    )
    assert.equal(rest.next, undefined)
  })

  test('F-6 – an outage is told once, however many attempts fail, and so is its end', async (t) => {
    const line = await openLine(redisUrl())
    t.after(() => line.close())
    const lines: string[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (text) => void lines.push(text) })
    const failing = createRedisSessionStore(`redis://127.0.0.1:${line.port}/15`, log)
    t.after(() => failing.close())
    await failing.check()
    line.cut()
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await assert.rejects(failing.check(), StoreUnavailable)
      await delay(20)
    }
    line.mend()
    while (lines.length < 2) await failing.check().catch(() => delay(20))
    const told = lines.map((text) => (JSON.parse(text) as { msg: string }).msg)
    assert.deepEqual(told, ['the session store cannot be reached', 'the session store can be reached again'])
  })

  const refusals: [string, (url: URL) => void, RegExp][] = [
    ['another user or password', (url) => Object.assign(url, { username: 'nobody', password: 'wrong' }), /WRONGPASS/],
    ['a database that there is not', (url) => Object.assign(url, { pathname: '/99' }), /DB index/],
  ]
  for (const [name, change, message] of refusals) {
    test(`${name} is refused, not waited for, and nothing is written elsewhere meanwhile`, async (t) => {
      const url = new URL(redisUrl())
      change(url)
      const refused = createRedisSessionStore(url.href, silentLog)
      t.after(() => refused.close())
      await assert.rejects(
        refused.check(),
        (error: Error) => !(error instanceof StoreUnavailable) && message.test(error.message),
      )
      for (let attempt = 0; attempt < 20; attempt += 1) {
        await assert.rejects(refused.insert(sampleSession(), freshHash()), StoreUnavailable)
        await delay(20)
      }
    })
  }

  test('a value of another kind under one of our keys is a mistake, not an outage', async () => {
    const { session } = await inserted()
    await redis.set(sessionKey(session.sessionId), 'a string')
    await assert.rejects(store.find(session.sessionId, START), /WRONGTYPE/)
    await redis.del(sessionKey(session.sessionId))
  })

  test('F-7 – after Redis lost everything no session is there, none comes back by use, and new ones begin', async () => {
    const { session, hash } = await inserted()
    await redis.flushdb()
    await redis.script('FLUSH')
    const moments = [START, START + SECOND, START - SECOND]
    for (const now of moments) {
      await store.slide(session.sessionId, { lastSeenAt: now + 2, idleExpiresAt: now + 2 + IDLE * SECOND })
      assert.equal(await store.findBySecret(session.realmId, 'api', hash, now), undefined)
      assert.equal(await store.find(session.sessionId, now), undefined)
    }
    assert.equal(await store.delete([session.sessionId]), 0)
    assert.deepEqual((await store.list(session.realmId, { limit: 10 }, START)).items, [])
    const next = await inserted()
    assert.deepEqual(await store.findBySecret(next.session.realmId, 'api', next.hash, START), next.session)
  })
})
