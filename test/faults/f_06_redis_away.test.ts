/** F-6, F-7 – the Redis that holds the sessions dies, hangs, comes back empty, or is set up so that it forgets. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic } from '../support/client.ts'
import { type OwnRedis, skipWithoutPrograms, startRedis } from '../support/engines.ts'
import type { Person, TestClient } from '../support/oauth.ts'
import { until } from '../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

describe('sessions in Redis', { skip: skipWithoutPrograms('redis-server') }, () => {
  let redis: OwnRedis
  let server: ServerProcess
  let alice: Person
  let client: TestClient
  let web: TestClient

  before(async () => {
    redis = await startRedis(['--maxmemory-policy', 'allkeys-lru'])
    server = await startServerProcess({
      config: { sessions_store_params: { backend: 'redis', connection_url: redis.url } },
    })
    alice = await server.admin.createUser()
    client = await server.admin.createClient({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'api',
    })
    web = await server.admin.createClient({ scope: 'openid offline_access' })
  })
  after(async () => {
    await server?.close()
    await redis?.close()
  })

  const login = (): Promise<Answer> =>
    server.request('POST', '/login?realm=main', { headers: { authorization: basic(alice.username, alice.password) } })

  const signIn = async (): Promise<string> => {
    const answer = await login()
    assert.equal(answer.status, 200, answer.body)
    return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  }

  const whoami = (cookie: string): Promise<Answer> => server.request('GET', '/whoami?realm=main', { cookie })

  /** What needs no session goes on; what needs one is refused, with nothing that could be taken for an answer. */
  const assertAway = async (cookie: string): Promise<void> => {
    const refused = await Promise.all([
      login(),
      whoami(cookie),
      server.request('POST', '/logout?realm=main', { cookie }),
      server.admin.request('GET', '/sessions/realms/main'),
      server.request('GET', '/ready'),
    ])
    for (const answer of refused) {
      assert.equal(answer.status, 503, answer.body)
      assert.equal(answer.headers['retry-after'], '1')
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    assert.equal((await server.oauth.token(client, { grant_type: 'client_credentials' })).status, 200)
    for (const path of ['/live', '/jwks.json', '/.well-known/openid-configuration'])
      assert.equal((await server.request('GET', path)).status, 200, path)
  }

  const ready = () => until('ready again', async () => (await server.request('GET', '/ready')).status === 200)

  const sessions = (): Promise<number> => redis.ask(async (connection) => (await connection.keys('*:session:*')).length)

  test('F-7 – a Redis that may evict is warned of at the start', () => {
    assert.match(server.output(), /"maxmemory_policy":"allkeys-lru".*set maxmemory-policy to noeviction/)
  })

  test('F-6 – a Redis that hangs: what needs it is refused, the rest goes on, nothing happens later, and it heals', async () => {
    const cookie = await signIn()
    const before = await sessions()
    redis.suspend()
    await assertAway(cookie)
    redis.resume()
    await ready()
    assert.equal((await whoami(cookie)).status, 200, 'the logout that was refused did not happen')
    // A command that reached Redis before it hung is carried out when it wakes; nobody holds what it made.
    assert.ok((await sessions()) - before <= 1)
  })

  test('F-6 – a Redis that dies: the same', async () => {
    const cookie = await signIn()
    await redis.stop()
    await assertAway(cookie)
    await redis.start()
    await ready()
  })

  test('F-7 – a Redis that comes back empty: everybody signs in again, and no old cookie works', async () => {
    const cookies = [await signIn(), await signIn()]
    await redis.ask((connection) => connection.flushall())
    for (const cookie of cookies) assert.equal((await whoami(cookie)).status, 401)
    const cookie = await signIn()
    assert.equal((await whoami(cookie)).status, 200)
    for (const old of cookies) assert.equal((await whoami(old)).status, 401)
  })

  test('F-7 – codes and refresh tokens are not in Redis: one that was used stays used after it lost everything', async () => {
    const tokens = await server.oauth.obtainTokens(web, alice, { extra: { scope: 'openid offline_access' } })
    const rotated = await server.oauth.refresh(web, tokens.refresh_token)
    assert.equal(rotated.status, 200, rotated.body)
    await redis.ask((connection) => connection.flushall())
    const again = await server.oauth.refresh(web, rotated.json<{ refresh_token: string }>().refresh_token)
    assert.equal(again.status, 200, again.body)
  })

  test('F-6 – an outage is one line in the log, however long it lasts', () => {
    const lines = server.output().match(/the session store cannot be reached/g) ?? []
    const ends = server.output().match(/the session store can be reached again/g) ?? []
    assert.ok(lines.length <= 2 && lines.length === ends.length, `${lines.length} and ${ends.length}`)
  })
})
