/** The same contract on Redis behind Sentinels and on a Redis Cluster, started by this test. */
import { after, before, describe } from 'node:test'
import { createRedisSessionStore } from '../../../src/sessions/redis.ts'
import { silentLog } from '../../support/databases.ts'
import { skipWithoutPrograms } from '../../support/engines.ts'
import { type RedisLayoutUnderTest, startCluster, startSentinels } from '../../support/redis_layouts.ts'
import { testSessions } from './sessions_suite.ts'
import { testSessionStore } from './store_suite.ts'

const skip = skipWithoutPrograms('redis-server')

for (const [name, start] of Object.entries({ 'redis+sentinel': startSentinels, 'redis+cluster': startCluster }))
  describe(`sessions on ${name}`, { skip, concurrency: 1 }, () => {
    let layout: RedisLayoutUnderTest
    before(async () => {
      layout = await start()
    })
    after(() => layout?.close())

    const open = async () => {
      const store = createRedisSessionStore(layout.url, silentLog)
      await store.check()
      return store
    }
    testSessionStore({ name, open, expires: true, skip: false })
    testSessions({ name, open, expires: true, skip: false })
  })
