/** POST /login – the contract, over the real server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic, type RequestOptions } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a passphrase of the tests 7'

describe('POST /login', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
    await server.admin.createRealm({
      id: 'shop',
      auth_params: { username_password_params: { allow_expired_passwords: true } },
      session_max_age_seconds: 600,
      session_max_stale_age_seconds: 60,
    })
    await server.admin.createRealm({ id: 'closed', auth_params: {} })
    await server.admin.createRealm({ id: 'strict', auth_params: { username_password_params: {} } })
    for (const realm of ['shop', 'closed', 'strict']) {
      await server.admin.createUser({ username: 'alice', password: PASSWORD }, realm)
      await server.admin.createUser({ username: 'expired', password: PASSWORD, change_password: true }, realm)
      await server.admin.createUser({ username: 'disabled', password: PASSWORD, enabled: false }, realm)
    }
  })
  after(() => server.close())

  const login = (realm: string, username: string, password = PASSWORD, options: RequestOptions = {}): Promise<Answer> =>
    server.request('POST', `/login?realm=${realm}`, {
      ...options,
      headers: { authorization: basic(username, password), ...options.headers },
    })

  const withHeaders = (headers: Record<string, string>): Promise<Answer> =>
    server.request('POST', '/login?realm=shop', { headers })

  test('every failed login has one status, one description and one challenge', async () => {
    const answers = await Promise.all([
      login('shop', 'alice', 'a wrong password'),
      login('shop', 'nobody'),
      login('shop', 'disabled'),
      login('closed', 'alice'),
      login('strict', 'nobody\0'),
      login('shop', 'alice', 'x'.repeat(2_000)),
      login('shop', 'alice', ''),
      withHeaders({}),
      withHeaders({ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }),
    ])
    for (const answer of answers) {
      assert.equal(answer.status, 401)
      assert.equal(answer.body, answers[0]?.body)
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.equal(answer.headers['cache-control'], 'no-store')
      // RFC 9110 §15.5.2 – a 401 carries a challenge.
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="login", charset="UTF-8"')
    }
  })

  for (const authorization of [
    'Basic',
    'Basic  x',
    'Basic %%%',
    `Basic ${Buffer.from('alice').toString('base64')}`,
    `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`,
    `Basic ${'A'.repeat(8_000)}`,
    `Digest username="alice"`,
    `${basic('alice', PASSWORD)}, ${basic('alice', PASSWORD)}`,
  ])
    test(`T-CA-06 RFC 7617 §2 – the header ${JSON.stringify(authorization.slice(0, 24))} is a failed login`, async () => {
      assert.equal((await withHeaders({ authorization })).status, 401)
    })

  test('RFC 9110 §11.6.2 – of two Authorization headers neither is taken', async () => {
    const answer = await server.request('POST', '/login?realm=shop', {
      headers: { authorization: [basic('alice', PASSWORD), basic('alice', PASSWORD)] as unknown as string },
    })
    assert.ok(answer.status === 401 || answer.status === 400)
  })

  test('a realm has to be named, once, and to exist', async () => {
    const headers = { authorization: basic('alice', PASSWORD) }
    assert.equal((await server.request('POST', '/login', { headers })).status, 400)
    assert.equal((await server.request('POST', '/login?realm=shop&realm=shop', { headers })).status, 400)
    assert.equal((await server.request('POST', '/login?realm=nowhere', { headers })).status, 404)
    assert.equal((await server.request('POST', '/login?realm=..%2F_', { headers })).status, 404)
    assert.equal((await server.request('GET', '/login?realm=shop', { headers })).status, 405)
  })

  test('T-CS-01 a page of another site signs nobody in, though the password is right', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'https://evil.localhost' },
    ]
    for (const headers of foreign) {
      const answer = await login('shop', 'alice', PASSWORD, { headers })
      assert.equal(answer.status, 403, JSON.stringify(headers))
      assert.equal(answer.headers['set-cookie'], undefined)
    }
  })

  test('T-CS-02 only JSON is taken, and only the member that there is', async () => {
    const typed = (type: string, body: string) =>
      login('shop', 'alice', PASSWORD, { body, headers: { 'content-type': type } })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx'])
      assert.equal((await typed(type, 'a=b')).status, 415, type)
    for (const body of ['{', '[]', '"x"', 'null1', '{"totp_code": 123456}', '{"remember": true}', '{"__proto__": {}}'])
      assert.equal((await typed('application/json', body)).status, 400, body)
    const unknown = await typed('application/json', '{"remember": true}')
    assert.equal(unknown.json().error_description, 'remember: unknown or read-only')
    assert.equal((await typed('application/json', '{"totp_code": "12345"}')).status, 422)
  })

  test('the right password gives a session, its public id and its cookie', async () => {
    const answer = await login('shop', 'alice')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const body = answer.json()
    assert.deepEqual(Object.keys(body).sort(), ['next_step', 'session_id'])
    assert.equal(body.next_step, 'Authenticated')
    const [cookie = '', device = '', ...others] = answer.headers['set-cookie'] ?? []
    assert.deepEqual(others, [])
    assert.match(device, /^__Host-device\.shop=/)
    assert.match(cookie, /^__Host-session\.shop=[A-Za-z0-9_-]{43}; /)
    const attributes = cookie.split('; ').slice(1).sort()
    assert.deepEqual(attributes, ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Strict', 'Secure'])
    // T-SE-03 – the public id opens nothing.
    assert.ok(!cookie.includes(String(body.session_id)))
  })

  test('an empty body, an empty object and a code that is not asked for are fine', async () => {
    const headers = { 'content-type': 'application/json' }
    assert.equal((await login('shop', 'alice', PASSWORD, { headers, body: '' })).status, 200)
    assert.equal((await login('shop', 'alice', PASSWORD, { json: {} })).status, 200)
    assert.equal((await login('shop', 'alice', PASSWORD, { json: { totp_code: '123456' } })).status, 200)
  })

  test('T-SE-13 each login is a session of its own, and ends the one that the browser brought along', async () => {
    const browser = server.browser()
    const headers = { authorization: basic('alice', PASSWORD) }
    const first = await browser.request('POST', '/login?realm=shop', { headers })
    const old = browser.cookie()
    const second = await browser.request('POST', '/login?realm=shop', { headers })
    assert.notEqual(first.json().session_id, second.json().session_id)
    assert.notEqual(browser.cookie(), old)
    const whoami = (cookie: string) => server.request('GET', '/whoami?realm=shop', { cookie })
    assert.equal((await whoami(old)).status, 401)
    assert.equal((await whoami(browser.cookie())).status, 200)
  })

  test('an administrator and a user can be signed in in one browser', async () => {
    const browser = server.browser()
    await browser.request('POST', '/login?realm=shop', { headers: { authorization: basic('alice', PASSWORD) } })
    const { username, password } = server.admin
    await browser.request('POST', '/login?realm=_', { headers: { authorization: basic(username, password) } })
    const sessions = [...browser.jar.keys()].filter((name) => name.startsWith('__Host-session.'))
    assert.deepEqual(sessions.sort(), ['__Host-session._', '__Host-session.shop'])
  })

  test('an expired password lets nobody in where the realm does not allow it', async () => {
    const answer = await login('strict', 'expired')
    assert.equal(answer.status, 403)
    assert.equal(answer.json().error, 'password_expired')
    assert.equal(answer.headers['set-cookie'], undefined)
    // Who does not know the password does not learn that it has expired.
    assert.equal((await login('strict', 'expired', 'a wrong password')).status, 401)
  })

  test('an expired password is good for changing it where the realm allows it, and for nothing else', async () => {
    const browser = server.browser()
    const answer = await browser.request('POST', '/login?realm=shop', {
      headers: { authorization: basic('expired', PASSWORD) },
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.json().next_step, 'ChangePassword')
    assert.notEqual((await browser.request('GET', '/whoami?realm=shop')).status, 200)
    const restricted = browser.cookie()

    const json = { current_password: PASSWORD, new_password: 'a new passphrase 8' }
    const changed = await browser.request('POST', '/password?realm=shop', { json })
    assert.equal(changed.status, 200)
    assert.equal(changed.json().next_step, 'Authenticated')
    assert.notEqual(browser.cookie(), restricted)
    assert.equal((await browser.request('GET', '/whoami?realm=shop')).status, 200)
    assert.equal((await server.request('GET', '/whoami?realm=shop', { cookie: restricted })).status, 401)
    assert.equal((await login('shop', 'expired', json.new_password)).json().next_step, 'Authenticated')
  })

  test('T-LG-02 no password, cookie or header of a login reaches the log', async () => {
    const authorization = basic('alice', PASSWORD)
    const answer = await withHeaders({ authorization })
    const cookie = (answer.headers['set-cookie']?.[0] ?? '').split('=')[1]?.split(';')[0] ?? ''
    assert.equal(cookie.length, 43)
    const log = server.logs.join('')
    for (const secret of [PASSWORD, cookie, authorization.slice(6)]) assert.ok(!log.includes(secret))
  })
})

describe('POST /login past the limits', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
    await server.admin.createUser({ username: 'alice', password: PASSWORD })
  })
  after(() => server.close())

  test('T-BF-03 after ten wrong passwords the right one has to wait, from that source', async () => {
    const attempt = (password: string): Promise<Answer> =>
      server.request('POST', '/login?realm=main', { headers: { authorization: basic('alice', password) } })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => attempt(`wrong ${index}`)))
    assert.equal(answers.filter((answer) => answer.status === 401).length, 10)
    assert.equal(answers.filter((answer) => answer.status === 429).length, 30)
    const answer = await attempt(PASSWORD)
    assert.equal(answer.status, 429)
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/)
    assert.equal(answer.json().error, 'too_many_requests')
  })
})
