/** POST /password – a new password for the person behind the session. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Answer, type Browser, basic, type RequestOptions } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a passphrase of the tests 7'
const NEXT = 'another passphrase 8'

describe('POST /password', () => {
  let server: TestServer
  let browser: Browser
  let username = ''
  let count = 0

  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  const signIn = async (password = PASSWORD): Promise<Browser> => {
    const visitor = server.browser()
    const headers = { authorization: basic(username, password) }
    assert.equal((await visitor.request('POST', '/login?realm=main', { headers })).status, 200)
    return visitor
  }

  const isSignedIn = async (visitor: Browser): Promise<boolean> =>
    (await visitor.request('GET', '/whoami?realm=main')).status === 200

  const change = (json: unknown, options: RequestOptions = {}, path = '/password?realm=main'): Promise<Answer> =>
    browser.request('POST', path, { json, ...options })

  const right = { current_password: PASSWORD, new_password: NEXT }

  beforeEach(async () => {
    count += 1
    username = `alice-${count}`
    await server.admin.createUser({ username, password: PASSWORD })
    browser = await signIn()
  })

  test('without a session of the realm nothing is changed', async () => {
    assert.equal((await server.request('POST', '/password?realm=main', { json: right })).status, 401)
    const cookie = browser.cookie().replace('.main=', '._=')
    assert.equal((await server.request('POST', '/password?realm=_', { json: right, cookie })).status, 401)
    assert.equal((await server.request('POST', '/password', { json: right })).status, 400)
  })

  test('T-SE-12 a cookie that comes twice counts as none', async () => {
    const cookie = `${browser.cookie()}; ${browser.cookie()}`
    assert.equal((await server.request('POST', '/password?realm=main', { json: right, cookie })).status, 401)
  })

  test('Fetch §3.2 – T-CS-01 a request from another origin is refused, whatever its cookie', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: server.issuer.replace('https:', 'http:') },
      { origin: `${server.issuer}.evil.example` },
    ]
    for (const headers of foreign) assert.equal((await change(right, { headers })).status, 403)
    await signIn()
  })

  test('Fetch Metadata §2.3 – T-CS-01 a request that the browser calls cross-site or same-site is refused', async () => {
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await change(right, { headers: { 'sec-fetch-site': site } })).status, 403)
    await signIn()
  })

  test('T-CS-02 a body that is no JSON object of exactly the two members is refused', async () => {
    const typed = (type: string) =>
      change(undefined, { body: JSON.stringify(right), headers: { 'content-type': type } })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
      assert.equal((await typed(type)).status, 415)
    assert.equal((await change(undefined, { body: '' })).status, 415)
    assert.equal((await change({ current_password: PASSWORD })).status, 400)
    assert.equal((await change({ ...right, username: 'root-admin' })).status, 400)
    assert.equal((await change({ ...right, new_password: 12345678 })).status, 400)
    await signIn()
  })

  test('OWASP ASVS 6.2.3 a wrong current password changes nothing', async () => {
    const answer = await change({ ...right, current_password: 'a wrong one' })
    assert.equal(answer.status, 401)
    assert.equal(await isSignedIn(browser), true)
    await signIn()
  })

  test('NIST SP 800-63B §3.1.1.2 – a new password that is no good is refused with the reason', async () => {
    const refusal = async (new_password: string): Promise<unknown> => {
      const answer = await change({ ...right, new_password })
      assert.equal(answer.status, 422)
      return answer.json().error_description
    }
    assert.equal(await refusal('short'), 'new_password: The password must have at least 8 characters')
    assert.equal(await refusal('Password1'), 'new_password: The password is one of the most common ones')
    assert.equal(await refusal(PASSWORD), 'new_password: The new password must not be the current one')
  })

  test('OWASP ASVS 7.4.3 a changed password ends the other sessions and keeps this one', async () => {
    const other = await signIn()
    const answer = await change(right, { headers: { origin: server.issuer, 'sec-fetch-site': 'same-origin' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(await isSignedIn(browser), true)
    assert.equal(await isSignedIn(other), false)
    await signIn(NEXT)
    const headers = { authorization: basic(username, PASSWORD) }
    assert.equal((await server.request('POST', '/login?realm=main', { headers })).status, 401)
  })

  test('the realm of the only session cookie need not be named', async () => {
    assert.equal((await change(right, {}, '/password')).status, 200)
    await signIn(NEXT)
  })

  test('T-LC-01 a user who was disabled meanwhile changes nothing', async () => {
    await server.admin.request('PUT', `/admin/realm/main/user/${username}`, { json: { enabled: false } })
    assert.equal((await change(right)).status, 401)
  })

  test('T-LG-02 neither password reaches the log', async () => {
    assert.equal((await change(right)).status, 200)
    assert.ok(!server.logs.join('').includes(PASSWORD))
    assert.ok(!server.logs.join('').includes(NEXT))
  })
})
