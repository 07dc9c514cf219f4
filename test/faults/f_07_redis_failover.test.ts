/**
 * F-7, F-8 – the Redis that holds the sessions dies and another one takes over, chosen by Sentinels or by a Cluster. Sessions of the
 * last moments may be lost; what ended stays ended, as far as the new one was told; and new ones begin.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic } from '../support/client.ts'
import { skipWithoutPrograms } from '../support/engines.ts'
import type { Person } from '../support/oauth.ts'
import { until } from '../support/patience.ts'
import { type RedisLayoutUnderTest, startCluster, startSentinels } from '../support/redis_layouts.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

for (const [name, start] of Object.entries({ Sentinel: startSentinels, Cluster: startCluster }))
  describe(`sessions in Redis with ${name}`, { skip: skipWithoutPrograms('redis-server') }, () => {
    let layout: RedisLayoutUnderTest
    let server: ServerProcess
    let alice: Person

    before(async () => {
      layout = await start()
      server = await startServerProcess({
        config: { sessions_store_params: { backend: 'redis', connection_url: layout.url } },
      })
      alice = await server.admin.createUser()
    })
    after(async () => {
      await server?.close()
      await layout?.close()
    })

    const login = (): Promise<Answer> =>
      server.request('POST', '/login?realm=main', { headers: { authorization: basic(alice.username, alice.password) } })

    const cookieOf = (answer: Answer): string => {
      assert.equal(answer.status, 200, answer.body)
      return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    }

    const whoami = async (cookie: string): Promise<number> =>
      (await server.request('GET', '/whoami?realm=main', { cookie })).status

    test(`F-7 – ${name}: the one that takes over is used without a restart; nothing is revived and nothing guessed`, async () => {
      const kept = cookieOf(await login())
      const ended = cookieOf(await login())
      const logout = await server.request('POST', '/logout?realm=main', { cookie: ended })
      assert.equal(logout.status, 204)

      let isOver = false
      const seen = new Set<number>()
      const callers = Promise.all(
        Array.from({ length: 4 }, async () => {
          while (!isOver) {
            const answer = await login()
            seen.add(answer.status)
            if (answer.status === 503) assert.equal(answer.headers['set-cookie'], undefined)
            assert.ok([401, 503].includes(await whoami(ended)), 'a session that ended is back')
          }
        }),
      )
      await layout.failOver()
      await until('ready with the new one', async () => (await server.request('GET', '/ready')).status === 200)
      isOver = true
      await callers
      assert.deepEqual(
        [...seen].filter((status) => status !== 200 && status !== 503),
        [],
      )

      const fresh = cookieOf(await login())
      assert.equal(await whoami(fresh), 200)
      assert.equal(await whoami(ended), 401)
      assert.ok([200, 401].includes(await whoami(kept)))
      assert.equal((await server.request('POST', '/logout?realm=main', { cookie: fresh })).status, 204)
      assert.equal(await whoami(fresh), 401)
    })
  })
