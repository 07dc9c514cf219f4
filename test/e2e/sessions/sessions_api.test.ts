/** The sessions API – the contract, over the real server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../contract/sessions/samples.ts'
import type { Answer, RequestOptions } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createPeople, PASSWORD, type People, SESSION_SECONDS, type SignedIn } from './people.ts'

const SECOND = 1_000
const MAIN = 'main'

describe('sessions API', () => {
  const clock = createManualClock(Date.UTC(2030, 0, 1))
  let server: TestServer
  let people: People
  /** Administers `shop` and nothing else. */
  let keeper: string
  let api: TestClient

  before(async () => {
    server = await startServer({ clock })
    people = createPeople(server)
    for (const realm of ['shop', 'other', 'crowded']) {
      await people.createRealm(realm)
      for (const username of ['alice', 'bob']) await people.createUser(realm, username)
    }
    await people.createUser(MAIN, 'alice')
    await server.admin.request('POST', '/admin/realm/_/user', {
      json: { username: 'keeper', password: PASSWORD, roles: ['realm_administrator:shop'] },
    })
    keeper = (await people.signIn('_', 'keeper')).cookie
    api = await server.admin.createClient({
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'sessions',
    })
  })
  after(() => server.close())

  const asKeeper = (method: string, path: string, options: RequestOptions = {}): Promise<Answer> =>
    server.request(method, path, { cookie: keeper, ...options })

  const asRoot = (method: string, path: string, options: RequestOptions = {}): Promise<Answer> =>
    server.admin.request(method, path, options)

  const apiToken = async (): Promise<string> => {
    const answer = await server.oauth.token(api, { grant_type: 'client_credentials', scope: 'sessions' })
    assert.equal(answer.status, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }

  const asApi = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> =>
    server.request(method, path, { ...options, headers: { authorization: `Bearer ${await apiToken()}` } })

  const isAlive = async (realm: string, { cookie }: SignedIn): Promise<boolean> =>
    (await server.request('GET', `/whoami?realm=${realm}`, { cookie })).status === 200

  const routes = (sessionId: string): [string, string, unknown?][] => [
    ['GET', `/sessions/${sessionId}`],
    ['POST', `/sessions/${sessionId}`, { sessions_action: 'LogoutAllSessions' }],
    ['POST', '/sessions/realms/shop/clients', [{ username: 'alice', auth_scheme: 'up' }]],
    ['GET', '/sessions/realms/shop'],
    ['DELETE', '/sessions', { session_ids: [sessionId] }],
    ['DELETE', '/sessions/expired'],
    ['DELETE', '/sessions/realms/shop'],
  ]

  test('nobody but an administrator or an API client gets in, and no other site through an administrator', async () => {
    const alice = await people.signIn('shop', 'alice')
    const person = await server.oauth.obtainTokens(
      await server.admin.createClient({ scope: 'openid profile', consent: 'skip' }),
      { username: 'alice', password: PASSWORD },
    )
    const callers: [string, RequestOptions, number][] = [
      ['nobody', {}, 401],
      ['a person of the realm', { cookie: alice.cookie }, 401],
      ['a session id', { cookie: `__Host-session._=${alice.sessionId}` }, 401],
      ["a person's access token", { headers: { authorization: `Bearer ${person.access_token}` } }, 403],
      ['no token at all', { headers: { authorization: 'Bearer x' } }, 401],
    ]
    for (const [method, path, json] of routes(alice.sessionId)) {
      for (const [name, options, status] of callers) {
        const answer = await server.request(method, path, { ...options, ...(json === undefined ? {} : { json }) })
        assert.equal(answer.status, status, `${name}: ${method} ${path} ${answer.body}`)
      }
      if (method === 'GET') continue
      const headers = { origin: 'https://evil.example' }
      const answer = await asKeeper(method, path, { headers, ...(json === undefined ? {} : { json }) })
      assert.equal(answer.status, 403)
    }
    assert.ok(await isAlive('shop', alice))
  })

  test('a session is shown by its id, without anything that opens it', async () => {
    const alice = await people.signIn('shop', 'alice', { headers: { 'user-agent': 'a browser' } })
    const answer = await asKeeper('GET', `/sessions/${alice.sessionId}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(answer.json(), {
      session_id: alice.sessionId,
      realm_id: 'shop',
      username: 'alice',
      auth_scheme: 'up',
      max_age_seconds: SESSION_SECONDS.absolute,
      max_stale_age_seconds: SESSION_SECONDS.idle,
      created_at: clock.now() / SECOND,
      last_seen_at: clock.now() / SECOND,
      ip: '127.0.0.1',
      user_agent: 'a browser',
    })
    const secret = alice.cookie.split('=')[1] ?? ''
    assert.ok(!answer.body.includes(secret))
    // Its id is no credential.
    assert.equal(
      (await server.request('GET', '/whoami?realm=shop', { cookie: `__Host-session.shop=${alice.sessionId}` })).status,
      401,
    )
  })

  test('T-AD – a session of a realm that is not theirs is as unknown as one that never was', async () => {
    const theirs = await people.signIn('other', 'alice')
    for (const id of [theirs.sessionId, 'never-was', 'expired']) {
      const shown = await asKeeper('GET', `/sessions/${id}`)
      if (id !== 'expired') assert.deepEqual([shown.status, shown.body], [200, 'null'])
      const acted = await asKeeper('POST', `/sessions/${id}`, { json: { sessions_action: 'LogoutAllSessions' } })
      if (id !== 'expired') assert.deepEqual([acted.status, acted.json().error], [404, 'not_found'])
    }
    assert.equal((await asKeeper('DELETE', '/sessions', { json: { session_ids: [theirs.sessionId] } })).status, 204)
    const answers = await Promise.all(
      ['other', 'nowhere', '_', 'no-such-realm'].map((realm) => asKeeper('GET', `/sessions/realms/${realm}`)),
    )
    for (const answer of answers) assert.deepEqual([answer.status, answer.body], [404, answers[0]?.body])
    assert.equal((await asKeeper('DELETE', '/sessions/realms/other')).status, 404)
    assert.equal((await asKeeper('POST', '/sessions/realms/other/clients', { json: [] })).status, 404)
    assert.ok(await isAlive('other', theirs))
  })

  test('a session that is over is null', async () => {
    const alice = await people.signIn('shop', 'alice')
    await server.request('POST', '/logout?realm=shop', { cookie: alice.cookie })
    assert.equal((await asKeeper('GET', `/sessions/${alice.sessionId}`)).body, 'null')
  })

  test('LogoutOtherSessions spares the session itself, LogoutAllSessions does not, and nothing spares nobody', async () => {
    const [one, two, withOtherName] = [
      await people.signIn('shop', 'alice'),
      await people.signIn('shop', 'alice'),
      await people.signIn('shop', 'bob'),
    ]
    const path = `/sessions/${one.sessionId}`
    const looked = await asKeeper('POST', path, { json: {} })
    assert.equal(looked.json().session_id, one.sessionId)
    assert.ok(await isAlive('shop', two))

    const others = {
      authenticated_clients: [{ username: 'alice', auth_scheme: 'up' }],
      sessions_action: 'LogoutOtherSessions',
    }
    assert.equal((await asKeeper('POST', path, { json: others })).json().session_id, one.sessionId)
    assert.deepEqual([await isAlive('shop', one), await isAlive('shop', two)], [true, false])
    assert.ok(await isAlive('shop', withOtherName))

    const three = await people.signIn('shop', 'alice')
    const all = await asKeeper('POST', path, { json: { sessions_action: 'LogoutAllSessions' } })
    assert.equal(all.json().session_id, one.sessionId)
    assert.deepEqual([await isAlive('shop', one), await isAlive('shop', three)], [false, false])
    assert.ok(await isAlive('shop', withOtherName))
    assert.equal((await asKeeper('POST', path, { json: {} })).status, 404)

    const { items } = await server.store.realm('shop').audit.list({ limit: 20 })
    const ended = items.filter(({ type }) => type === 'session.ended')
    assert.ok(ended.some(({ detail, principal }) => principal === 'keeper' && detail.action === 'LogoutAllSessions'))
  })

  test('members that nobody knows are refused by their names, and wrong values by theirs', async () => {
    const { sessionId } = await people.signIn('shop', 'alice')
    const refused: [string, string, unknown, RegExp][] = [
      ['POST', `/sessions/${sessionId}`, { sessions_action: null, colour: 'red' }, /colour/],
      ['POST', `/sessions/${sessionId}`, { sessions_action: 'LogoutNobody' }, /sessions_action/],
      ['POST', `/sessions/${sessionId}`, { authenticated_clients: [{ username: 'a', auth_scheme: 'up', x: 1 }] }, /x/],
      ['POST', `/sessions/${sessionId}`, [], /./],
      ['POST', '/sessions/realms/shop/clients', { username: 'alice' }, /./],
      ['POST', '/sessions/realms/shop/clients', [{ username: 'alice' }], /auth_scheme/],
      ['DELETE', '/sessions', { session_ids: [1] }, /session_ids/],
      ['DELETE', '/sessions', {}, /session_ids/],
      ['DELETE', '/sessions', { session_ids: Array.from({ length: 501 }, () => 'x') }, /session_ids/],
      ['DELETE', '/sessions/realms/shop', { really: true }, /./],
    ]
    for (const [method, path, json, description] of refused) {
      const answer = await asKeeper(method, path, { json })
      assert.ok(answer.status === 400 || answer.status === 422, `${method} ${path} ${answer.status}`)
      assert.match(String(answer.json().error_description), description)
    }
  })

  test('the sessions of named clients are found by name and scheme', async () => {
    const bob = await people.signIn('other', 'bob')
    const bobAgain = await people.signIn('other', 'bob')
    const path = '/sessions/realms/other/clients'
    const found = await asRoot('POST', path, { json: [{ username: 'bob', auth_scheme: 'up' }] })
    assert.deepEqual(
      found.json<{ session_ids: string[] }>().session_ids.sort(),
      [bob.sessionId, bobAgain.sessionId].sort(),
    )
    const none = await asRoot('POST', path, { json: [{ username: 'bob', auth_scheme: 'jwt' }] })
    assert.deepEqual(none.json(), { session_ids: [] })
  })

  test('a realm is listed a page at a time', async () => {
    const signedIn = await Promise.all(Array.from({ length: 7 }, () => people.signIn('crowded', 'alice')))
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query = new URLSearchParams({ limit: '3', ...(cursor === null ? {} : { cursor }) })
      const answer: Answer = await asRoot('GET', `/sessions/realms/crowded?${query}`)
      const page = answer.json<{ items: { session_id: string }[]; next_cursor: string | null }>()
      assert.ok(page.items.length <= 3)
      seen.push(...page.items.map((item) => item.session_id))
      cursor = page.next_cursor
    } while (cursor !== null)
    assert.deepEqual(seen.sort(), signedIn.map(({ sessionId }) => sessionId).sort())
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=x', 'limit=1&limit=2'])
      assert.equal((await asRoot('GET', `/sessions/realms/crowded?${query}`)).status, 400, query)
  })

  test('sessions end by their ids, and a realm is emptied without touching another', async () => {
    const [one, two, elsewhere] = [
      await people.signIn('shop', 'alice'),
      await people.signIn('shop', 'bob'),
      await people.signIn('other', 'alice'),
    ]
    const ended = await asKeeper('DELETE', '/sessions', {
      json: { session_ids: [one.sessionId, elsewhere.sessionId, 'never-was'] },
    })
    assert.deepEqual([ended.status, ended.body], [204, ''])
    assert.deepEqual([await isAlive('shop', one), await isAlive('shop', two)], [false, true])
    assert.ok(await isAlive('other', elsewhere))
    assert.equal((await asKeeper('DELETE', '/sessions/realms/shop')).status, 204)
    assert.equal(await isAlive('shop', two), false)
    assert.ok(await isAlive('other', elsewhere))
  })

  test('what is over can be removed without waiting for the collector', async () => {
    await people.signIn('shop', 'alice')
    clock.advance(SESSION_SECONDS.idle * SECOND)
    assert.equal((await asRoot('DELETE', '/sessions/expired')).status, 204)
    assert.equal(await server.deps.sessionStore.deleteExpired(clock.now(), 10), 0)
    assert.deepEqual((await asRoot('GET', '/sessions/realms/shop')).json(), { items: [], next_cursor: null })
  })

  describe('for an API client with the scope', () => {
    test('RFC 9068 §2.2 – it sees the sessions of its own realm and of no other', async () => {
      const mine = await people.signIn(MAIN, 'alice')
      const other = await people.signIn('other', 'alice')
      assert.equal((await asApi('GET', `/sessions/${mine.sessionId}`)).json().session_id, mine.sessionId)
      assert.equal((await asApi('GET', `/sessions/${other.sessionId}`)).body, 'null')
      assert.equal((await asApi('GET', '/sessions/realms/other')).status, 404)
      assert.equal((await asApi('GET', `/sessions/realms/${MAIN}`)).status, 200)
      assert.equal((await asApi('DELETE', '/sessions', { json: { session_ids: [other.sessionId] } })).status, 204)
      assert.ok(await isAlive('other', other))
      assert.equal((await asApi('DELETE', '/sessions', { json: { session_ids: [mine.sessionId] } })).status, 204)
      assert.equal(await isAlive(MAIN, mine), false)
      assert.equal((await asApi('DELETE', '/sessions/expired')).status, 403)
    })

    test('T-SE-11 T-LC-01 – a session whose user is disabled or gone is null, whatever the session store still has', async () => {
      const changes: [string, (id: string) => Promise<unknown>][] = [
        [
          'leaver',
          async (id) => {
            const user = await server.store.realm(MAIN).users.find(id)
            assert.ok(user)
            await server.store.realm(MAIN).users.update({ ...user, enabled: false })
          },
        ],
        ['goner', (id) => server.store.realm(MAIN).users.delete(id)],
      ]
      for (const [username, change] of changes) {
        await people.createUser(MAIN, username)
        const { sessionId } = await people.signIn(MAIN, username)
        const seen = (await asApi('GET', `/sessions/${sessionId}`)).json<{ username: string }>()
        assert.equal(seen.username, username)
        await change((await server.store.realm(MAIN).users.findByUsername(username))?.id ?? '')
        assert.equal((await asApi('GET', `/sessions/${sessionId}`)).body, 'null')
      }
    })

    test('it asks for the person at work, which keeps the session alive; an administrator who looks does not', async () => {
      const mine = await people.signIn(MAIN, 'alice')
      const path = `/sessions/${mine.sessionId}`
      clock.advance(SESSION_SECONDS.idle * 10 * SECOND)
      const before = (await asRoot('GET', path)).json<{ last_seen_at: number }>().last_seen_at
      assert.ok(before < clock.now() / SECOND)
      assert.equal((await asApi('GET', path)).json().last_seen_at, clock.now() / SECOND)
    })

    test('RFC 6750 §3.1 – a token without the scope is good for something else, and one of a client that is gone for nothing', async () => {
      const client = await server.admin.createClient({
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        scope: 'reports sessions',
      })
      const tokenFor = async (scope: string): Promise<string> =>
        (await server.oauth.token(client, { grant_type: 'client_credentials', scope })).json<{ access_token: string }>()
          .access_token
      const list = (token: string): Promise<Answer> =>
        server.request('GET', `/sessions/realms/${MAIN}`, { headers: { authorization: `Bearer ${token}` } })
      const lacking = await list(await tokenFor('reports'))
      assert.deepEqual([lacking.status, lacking.json().error], [403, 'insufficient_scope'])
      assert.match(String(lacking.headers['www-authenticate']), /^Bearer .*error="insufficient_scope"/)
      const token = await tokenFor('sessions')
      assert.equal((await list(token)).status, 200)
      assert.equal((await list(`${token.slice(0, -4)}AAAA`)).status, 401)
      await server.admin.request('DELETE', `/admin/realm/${MAIN}/client/${client.client_id}`)
      assert.equal((await list(token)).status, 401)
    })
  })
})
