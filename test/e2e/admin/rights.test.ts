/** Who may do what: every route of the administration API for every kind of caller. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic, type RequestOptions } from '../../support/client.ts'
import { createOauth } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a passphrase of the tests 7'

const redirect_uris = ['https://client.example/callback']

/** Every route, as it would be used rightly. */
const routesOf = (realm: string): [string, string, unknown?][] => [
  ['GET', `/admin/realm/${realm}`],
  ['PUT', `/admin/realm/${realm}`, { auth_params: { username_password_params: {} } }],
  ['POST', `/admin/realm/${realm}/user`, { username: 'new-user' }],
  ['GET', `/admin/realm/${realm}/user`],
  ['GET', `/admin/realm/${realm}/user/bob`],
  ['PUT', `/admin/realm/${realm}/user/bob`, { enabled: true }],
  ['PUT', `/admin/realm/${realm}/user/bob/password`, { password: 'some new passphrase' }],
  ['POST', `/admin/realm/${realm}/user/bob/password`, { password: 'some new passphrase' }],
  ['POST', `/admin/realm/${realm}/client`, { redirect_uris }],
  ['GET', `/admin/realm/${realm}/client`],
  ['GET', `/admin/realm/${realm}/client/app`],
  ['PUT', `/admin/realm/${realm}/client/app`, { redirect_uris }],
  ['POST', `/admin/realm/${realm}/client/app/secret`],
  ['POST', `/admin/realm/${realm}/scope`, { name: 'orders:read' }],
  ['GET', `/admin/realm/${realm}/scope`],
  ['GET', `/admin/realm/${realm}/scope/orders:read`],
  ['PUT', `/admin/realm/${realm}/scope/orders:read`, { description: 'See your orders' }],
  ['DELETE', `/admin/realm/${realm}/scope/orders:read`],
  ['GET', `/admin/realm/${realm}/session`],
  ['GET', `/admin/realm/${realm}/audit`],
  ['GET', `/admin/realm/${realm}/key`],
  ['DELETE', `/admin/realm/${realm}/client/app`],
  ['DELETE', `/admin/realm/${realm}/user/bob`],
  ['DELETE', `/admin/realm/${realm}`],
]

describe('rights of administrators', () => {
  let server: TestServer

  const create = async (path: string, json: unknown): Promise<void> => {
    const answer = await server.admin.request('POST', path, { json })
    assert.equal(answer.status, 201, answer.body)
  }

  const cookieOf = async (realm: string, username: string): Promise<string> => {
    const headers = { authorization: basic(username, PASSWORD) }
    const answer = await server.request('POST', `/login?realm=${realm}`, { headers })
    assert.equal(answer.status, 200, answer.body)
    return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  }

  const createAdministrator = (username: string, roles: string[]): Promise<void> =>
    create('/admin/realm/_/user', { username, password: PASSWORD, roles })

  /** Status and body of every route, but for what differs between two requests by itself. */
  const walk = async (options: RequestOptions, realm: string): Promise<string[]> => {
    const answers: Answer[] = []
    for (const [method, path, json] of routesOf(realm))
      answers.push(await server.request(method, path, { ...options, ...(json === undefined ? {} : { json }) }))
    return answers.map((answer) => `${answer.status} ${answer.body}`)
  }

  const all = (expected: string, realm: string): string[] => routesOf(realm).map(() => expected)

  before(async () => {
    server = await startServer()
    for (const id of ['a', 'b']) {
      await server.admin.createRealm({ id, auth_params: { username_password_params: {} } })
      await create(`/admin/realm/${id}/user`, { username: 'bob', password: PASSWORD })
      await create(`/admin/realm/${id}/client`, { client_id: 'app', redirect_uris })
    }
    await createAdministrator('of-a', ['realm_administrator:a'])
    await createAdministrator('of-nothing', ['auditor'])
    await createAdministrator('of-administrators', ['realm_administrator:b'])
  })
  after(() => server.close())

  const notFound = '404 {"error":"not_found","error_description":"There is no such resource"}'
  const unauthorized = '401 {"error":"unauthorized","error_description":"An administrator has to sign in"}'
  const forbidden = '403 {"error":"forbidden","error_description":"Only an administrator may do this"}'

  test('T-AD-01 nobody gets anywhere without credentials', async () => {
    assert.deepEqual(await walk({}, 'b'), all(unauthorized, 'b'))
    assert.deepEqual(await walk({}, 'nowhere'), all(unauthorized, 'nowhere'))
    const answer = await server.request('GET', '/admin/me')
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
  })

  test('T-AD-01 a user of another realm is nobody, whatever cookie carries the session', async () => {
    const cookie = await cookieOf('b', 'bob')
    assert.deepEqual(await walk({ cookie }, 'b'), all(unauthorized, 'b'))
    const renamed = cookie.replace('__Host-session.b', '__Host-session._')
    assert.deepEqual(await walk({ cookie: renamed }, 'b'), all(unauthorized, 'b'))
    const page = cookie.replace('__Host-session.b', '__Host-sso._')
    assert.deepEqual(await walk({ cookie: page }, 'b'), all(unauthorized, 'b'))
  })

  test('T-AD-01 a user of the administrators realm without a role may do nothing', async () => {
    const cookie = await cookieOf('_', 'of-nothing')
    assert.deepEqual(await walk({ cookie }, 'b'), all(forbidden, 'b'))
    assert.equal((await server.request('GET', '/admin/me', { cookie })).status, 403)
  })

  test('T-AD-01 to the administrator of one realm another is the same as one that does not exist', async () => {
    const cookie = await cookieOf('_', 'of-a')
    const other = await walk({ cookie }, 'b')
    assert.deepEqual(other, all(notFound, 'b'))
    assert.deepEqual(await walk({ cookie }, 'nowhere'), other)
    assert.deepEqual(await walk({ cookie }, '_'), other)
    assert.deepEqual(await walk({ cookie }, 'main'), other)
  })

  test('T-AD-02 the realm is the one of the path, whatever the body says', async () => {
    const cookie = await cookieOf('_', 'of-a')
    const request = (json: unknown) => server.request('PUT', '/admin/realm/a', { cookie, json })
    const settings = { auth_params: { username_password_params: {} }, session_max_age_seconds: 1_234 }
    const answer = await request({ id: 'b', ...settings })
    assert.equal(answer.json().id, 'a')
    const other = await server.admin.request('GET', '/admin/realm/b')
    assert.notEqual(other.json().session_max_age_seconds, 1_234)
    assert.equal(
      (await server.request('POST', '/admin/realm/a/user', { cookie, json: { username: 'x', realm_id: 'b' } })).status,
      400,
    )
  })

  test('T-AD-03 the administrator of a realm cannot get more realms, by no way', async () => {
    const cookie = await cookieOf('_', 'of-a')
    const refused: [string, string, unknown, number][] = [
      ['POST', '/admin/realm', { id: 'mine' }, 403],
      ['DELETE', '/admin/realm/a', undefined, 403],
      ['PUT', '/admin/realm/_/user/of-a', { roles: ['super_administrator'] }, 404],
      ['POST', '/admin/realm/_/user', { username: 'me-too', roles: ['super_administrator'] }, 404],
      ['POST', '/admin/realm/a/user', { username: 'x', roles: ['super_administrator'] }, 422],
      ['POST', '/admin/realm/a/user', { username: 'x', roles: ['realm_administrator:b'] }, 422],
      ['PUT', '/admin/realm/a/user/bob', { roles: ['super_administrator'] }, 422],
    ]
    for (const [method, path, json, status] of refused) {
      const answer = await server.request(method, path, { cookie, ...(json === undefined ? {} : { json }) })
      assert.equal(answer.status, status, `${method} ${path} ${answer.body}`)
    }
    assert.deepEqual((await server.request('GET', '/admin/me', { cookie })).json(), {
      ...(await server.request('GET', '/admin/me', { cookie })).json(),
      super_administrator: false,
      realms: ['a'],
    })
  })

  test('T-AD-03 nobody becomes an administrator of the administrators but a super administrator', async () => {
    for (const role of ['realm_administrator:_', 'realm_administrator:', 'realm_administrator:a/b']) {
      const json = { username: 'x', roles: [role] }
      assert.equal((await server.admin.request('POST', '/admin/realm/_/user', { json })).status, 422, role)
    }
  })

  test('the administrator of a realm sees it alone in the list', async () => {
    const cookie = await cookieOf('_', 'of-a')
    const list = async (query = ''): Promise<unknown[]> =>
      (await server.request('GET', `/admin/realm${query}`, { cookie }))
        .json<{ items: { id: string }[] }>()
        .items.map((item) => item.id)
    assert.deepEqual(await list(), ['a'])
    assert.deepEqual(await list('?limit=1'), ['a'])
  })

  test('T-LC-01 a role that is taken is gone at the next request', async () => {
    const cookie = await cookieOf('_', 'of-administrators')
    const see = () => server.request('GET', '/admin/realm/b', { cookie })
    assert.equal((await see()).status, 200)
    const put = (json: unknown) => server.admin.request('PUT', '/admin/realm/_/user/of-administrators', { json })
    await put({ roles: ['realm_administrator:a'] })
    assert.equal((await see()).status, 404)
    await put({ roles: [] })
    assert.equal((await see()).status, 403)
    await put({ roles: ['realm_administrator:b'] })
    assert.equal((await see()).status, 200)
  })

  test('T-LC-01 an administrator who is disabled, deleted or given a new password is out at once', async () => {
    for (const [name, path, method, json] of [
      ['disabled', '', 'PUT', { enabled: false, roles: ['super_administrator'] }],
      ['renewed', '/password', 'PUT', { password: 'some new passphrase' }],
      ['deleted', '', 'DELETE', undefined],
    ] as const) {
      await createAdministrator(name, ['super_administrator'])
      const cookie = await cookieOf('_', name)
      assert.equal((await server.request('GET', '/admin/me', { cookie })).status, 200)
      const options = json === undefined ? {} : { json }
      const answer = await server.admin.request(method, `/admin/realm/_/user/${name}${path}`, options)
      assert.ok(answer.status < 300, answer.body)
      assert.equal((await server.request('GET', '/admin/me', { cookie })).status, 401)
    }
  })

  test('T-SE-11 a session that may only change the password administers nothing', async () => {
    await create('/admin/realm/_/user', {
      username: 'expired',
      password: PASSWORD,
      change_password: true,
      roles: ['super_administrator'],
    })
    const cookie = await cookieOf('_', 'expired')
    const answers = await walk({ cookie }, 'b')
    assert.ok(answers.every((answer) => answer.startsWith('403 ')))
  })

  test('Fetch §3.2 and Fetch Metadata §2.3 – T-CS-03 no other site administers with the cookie', async () => {
    const cookie = await cookieOf('_', 'of-a')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: server.issuer },
    ]
    for (const headers of foreign) {
      const answers = await walk({ cookie, headers }, 'a')
      const reading = routesOf('a').map(([method]) => method === 'GET')
      for (const [index, answer] of answers.entries())
        assert.equal(answer.startsWith('403 '), !reading[index], `${routesOf('a')[index]} ${answer}`)
    }
    const preflight = await server.request('OPTIONS', '/admin/realm', {
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    assert.equal(preflight.headers['access-control-allow-origin'], undefined)
  })

  test('a scheme that is not Bearer, and a token that is none, are no credentials even beside a cookie', async () => {
    const cookie = await cookieOf('_', 'of-a')
    for (const authorization of ['Basic b2YtYTp4', 'Bearer', 'Bearer x.y.z', 'DPoP x', `Bearer ${'A'.repeat(5_000)}`])
      assert.equal((await server.request('GET', '/admin/me', { cookie, headers: { authorization } })).status, 401)
  })

  test('a super administrator may do everything', async () => {
    await server.admin.createRealm({ id: 'c', auth_params: { username_password_params: {} } })
    await create('/admin/realm/c/user', { username: 'bob', password: PASSWORD })
    await create('/admin/realm/c/client', { client_id: 'app', redirect_uris })
    for (const [method, path, json] of routesOf('c')) {
      const answer = await server.admin.request(method, path, json === undefined ? {} : { json })
      assert.ok(answer.status < 300, `${method} ${path} ${answer.status} ${answer.body}`)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
  })

  test('the administrator of a realm may do everything inside it', async () => {
    const cookie = await cookieOf('_', 'of-a')
    for (const [method, path, json] of routesOf('a').slice(0, -1)) {
      const answer = await server.request(method, path, { cookie, ...(json === undefined ? {} : { json }) })
      assert.ok(answer.status < 300, `${method} ${path} ${answer.status} ${answer.body}`)
    }
  })
})

describe('administration without credentials, for development', () => {
  let server: TestServer

  before(async () => {
    server = await startServer({ config: { default_username: 'root-admin' } })
  })
  after(() => server.close())

  test('a request without credentials acts as the configured user, and one with wrong ones as nobody', async () => {
    const me = (options: RequestOptions = {}) => server.request('GET', '/admin/me', options)
    assert.equal((await me()).json().username, 'root-admin')
    assert.equal((await me({ cookie: `__Host-session._=${'A'.repeat(43)}` })).status, 401)
    assert.equal((await me({ headers: { authorization: 'Bearer x' } })).status, 401)
  })

  test('T-CS-03 no page of another site acts as the configured user', async () => {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    assert.equal((await server.request('POST', '/admin/realm', { headers, json: { id: 'evil' } })).status, 403)
    assert.equal((await server.request('GET', '/admin/realm/evil')).status, 404)
  })
})

describe('administration with an access token', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('T-AD-01 only a token of the administrators realm, about a person, with the scope admin, is enough', async () => {
    const { username, password } = server.admin
    const client = async (realm: string, metadata: Record<string, unknown>) =>
      server.admin.createClient({ consent: 'skip', ...metadata }, realm)
    const inAdministrators = createOauth({ ...server, issuer: `${server.issuer}/realms/_` })

    const app = await client('_', { scope: 'openid admin' })
    const tokenFor = async (scope: string): Promise<string> => {
      const { access_token } = await inAdministrators.obtainTokens(app, { username, password }, { extra: { scope } })
      return access_token
    }
    const ask = (token: string) => server.request('GET', '/admin/me', { headers: { authorization: `Bearer ${token}` } })

    assert.equal((await ask(await tokenFor('openid'))).status, 403)

    const robot = await client('_', {
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'admin',
    })
    const own = await inAdministrators.token(robot, { grant_type: 'client_credentials', scope: 'admin' })
    assert.equal(own.status, 200, own.body)
    assert.equal((await ask(String(own.json().access_token))).status, 401)

    const token = await tokenFor('openid admin')
    const answer = await ask(token)
    assert.equal(answer.status, 200, answer.body)
    assert.equal(answer.json().username, username)
    // A token is no cookie: no page of another site can send it.
    const headers = { authorization: `Bearer ${token}`, origin: 'https://tool.example' }
    const created = await server.request('POST', '/admin/realm', { headers, json: { id: 'by-token' } })
    assert.equal(created.status, 201, created.body)
  })
})
