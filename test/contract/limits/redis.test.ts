/** The limits that nodes share, over a real Redis: of one server, and of several that stand for one. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createCounting } from '../../../src/limits/attempt_counts.ts'
import { openSharedLimits, type SharedLimits } from '../../../src/limits/redis_limits.ts'
import { createTokenBuckets } from '../../../src/limits/token_buckets.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { silentLog } from '../../support/databases.ts'
import { type OwnRedis, skipWithoutPrograms, startRedis } from '../../support/engines.ts'
import { until } from '../../support/patience.ts'
import { type RedisLayoutUnderTest, startCluster, startSentinels } from '../../support/redis_layouts.ts'

const { now } = systemClock
const WINDOW_MS = 60_000

const layouts: Record<string, () => Promise<{ url: string; close(): Promise<void> }>> = {
  'one server': () => startRedis(),
  Sentinels: startSentinels,
  'a Cluster': startCluster,
}

for (const [layout, start] of Object.entries(layouts))
  describe(`shared limits over ${layout}`, { skip: skipWithoutPrograms('redis-server', 'redis-cli') }, () => {
    let redis: Pick<RedisLayoutUnderTest, 'url' | 'close'>
    let nodes: SharedLimits[]

    before(async () => {
      redis = await start()
      nodes = [1, 2].map(() => openSharedLimits(redis.url, silentLog, now))
      for (const { counts } of nodes)
        await until('the node is connected', async () => {
          await counts.read('x')
          return true
        })
    })
    after(async () => {
      for (const node of nodes ?? []) await node.close()
      await redis?.close()
    })

    const counting = (name: string, windowMs = WINDOW_MS) =>
      nodes.map(({ counts }) => createCounting({ now, shared: counts })({ name, windowMs }))

    test('T-BF-03 – of 200 at the same time on two nodes ten get one of the first ten numbers', async () => {
      const counts = counting('race')
      const all = await Promise.all(Array.from({ length: 200 }, (_, turn) => counts[turn % 2]?.add('a')))
      assert.equal(all.filter((one) => one && one.count <= 10).length, 10)
      assert.equal(new Set(all.map((one) => one?.count)).size, 200)
    })

    test('what one node takes back, forgets or reads is so for the other', async () => {
      const [first, second] = counting('two')
      await first?.add('b')
      await second?.add('b')
      await first?.takeBack('b')
      assert.equal((await second?.read('b'))?.count, 1)
      await second?.forget('b')
      assert.equal(await first?.read('b'), undefined)
      assert.equal((await first?.add('b'))?.count, 1)
    })

    test('a window ends for both, and one that is shorter than usual ends when it should', async () => {
      const [first, second] = counting('short')
      assert.ok(((await first?.add('c', 1_000))?.msLeft ?? 0) <= 1_000)
      assert.equal((await second?.add('c', 1_000))?.count, 2)
      await delay(1_100)
      assert.equal((await second?.add('c', 1_000))?.count, 1)
    })

    test('a burst is one burst, whichever node is asked', async () => {
      const buckets = nodes.map((node) => createTokenBuckets({ now, shared: node.buckets }))
      const rate = { perSecond: 1, burst: 100 }
      const waits = await Promise.all(Array.from({ length: 300 }, (_, turn) => buckets[turn % 2]?.take('d', rate)))
      const passed = waits.filter((wait) => wait === 0).length
      assert.ok(passed >= 100 && passed <= 103, `${passed} passed`)
      assert.ok(waits.every((wait) => wait !== undefined && wait <= 1_000))
    })

    test('names are not kept as they are', async () => {
      const [first] = counting('private')
      await first?.add('alice@example.com')
      if (layout !== 'one server') return
      const keys = await (redis as OwnRedis).ask((connection) => connection.keys('*'))
      assert.ok(keys.length > 0)
      for (const key of keys) assert.match(key, /^auth_server:limit:(?:bucket:)?[A-Za-z0-9_-]{43}$/)
    })
  })

describe('shared limits whose Redis breaks', { skip: skipWithoutPrograms('redis-server') }, () => {
  test('F-6 – a Redis that hangs or dies is left alone after 300 ms, the node goes on by itself, and comes back', async (t) => {
    const redis = await startRedis()
    const node = openSharedLimits(redis.url, silentLog, now)
    t.after(async () => {
      await node.close()
      await redis.close()
    })
    await until('connected', async () => {
      await node.counts.read('x')
      return true
    })
    const counts = createCounting({ now, shared: node.counts })({ name: 'away', windowMs: WINDOW_MS })
    const buckets = createTokenBuckets({ now, shared: node.buckets })
    for (let time = 0; time < 5; time++) await counts.add('a')
    const isShared = async (): Promise<boolean> => (await node.counts.add('probe', 1, WINDOW_MS)).count > 0

    redis.suspend()
    assert.equal((await counts.add('a')).count, 6)
    // Only the first one waits: as many as this would take minutes otherwise.
    for (let time = 0; time < 300; time++) await buckets.take(`key ${time}`, { perSecond: 1, burst: 1 })
    assert.notEqual(await buckets.take('key 0', { perSecond: 1, burst: 1 }), 0, 'its own bucket still counts')
    redis.resume()
    await until('shared again', isShared)

    await redis.stop()
    assert.ok((await counts.add('a')).count >= 7)
    await redis.start()
    await until('shared again', isShared)
  })
})
