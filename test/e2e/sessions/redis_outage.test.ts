/** F-6, F-7 – a server whose sessions live in a Redis that goes away, comes back, and comes back empty. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { redisUrl } from '../../contract/sessions/stores.ts'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, basic } from '../../support/client.ts'
import { type Line, openLine } from '../../support/line.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createPeople, PASSWORD, type People } from './people.ts'

/** A database that no other test uses: it is emptied below. */
const DATABASE = 14

describe('sessions in Redis', { skip: skipWithout('redis') }, () => {
  let line: Line
  let server: TestServer
  let people: People

  before(async () => {
    line = await openLine(redisUrl())
    const connection_url = `redis://127.0.0.1:${line.port}/${DATABASE}`
    server = await startServer({ config: { sessions_store_params: { backend: 'redis', connection_url } } })
    people = createPeople(server)
    await people.createRealm('shop')
    await people.createUser('shop', 'alice')
  })
  after(async () => {
    await server.close()
    await line.close()
  })

  const whoami = (cookie: string): Promise<Answer> => server.request('GET', '/whoami?realm=shop', { cookie })

  test('F-6 – while Redis is away nobody is signed in or out by guesswork, the rest goes on, and it heals', async () => {
    const { cookie } = await people.signIn('shop', 'alice')
    assert.equal((await whoami(cookie)).status, 200)
    line.cut()
    const refused = [
      await whoami(cookie),
      await server.request('POST', '/logout?realm=shop', { cookie }),
      await server.request('POST', '/login?realm=shop', { headers: { authorization: basic('alice', PASSWORD) } }),
      await server.admin.request('GET', '/sessions/realms/shop'),
    ]
    for (const answer of refused) {
      assert.equal(answer.status, 503, answer.body)
      assert.equal(answer.json().error, 'temporarily_unavailable')
      assert.equal(answer.headers['retry-after'], '1')
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    assert.equal((await server.request('GET', '/live')).status, 200)
    assert.equal((await server.request('GET', '/ready')).status, 503)
    assert.equal((await server.request('GET', '/jwks.json')).status, 200)

    line.mend()
    while ((await server.request('GET', '/ready')).status !== 200) await delay(20)
    assert.equal((await whoami(cookie)).status, 200)
  })

  test('F-7 – after Redis lost everything everybody signs in again', async () => {
    const { cookie, sessionId } = await people.signIn('shop', 'alice')
    const url = new URL(redisUrl())
    url.pathname = `/${DATABASE}`
    const redis = new Redis(url.href)
    await redis.flushdb()
    await redis.quit()
    assert.equal((await whoami(cookie)).status, 401)
    const again = await people.signIn('shop', 'alice', { cookie })
    assert.notEqual(again.sessionId, sessionId)
    assert.equal((await whoami(again.cookie)).status, 200)
    assert.equal((await whoami(cookie)).status, 401)
  })
})
