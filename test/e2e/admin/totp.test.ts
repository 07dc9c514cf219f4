/** /admin/realm/{id}/user/{username}/totp – the contract, over the real server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createApp, wrongCode } from '../../support/totp.ts'

const TOTP = { algorithm: 'SHA256', step: 60 }
const PASSWORD = 'a passphrase of the tests 7'

describe('the authenticator app of a user', () => {
  let server: TestServer
  let now = Date.now()

  before(async () => {
    server = await startServer({ clock: { now: () => now } })
    const auth_params = { username_password_params: {} }
    await server.admin.createRealm({ id: 'shop', auth_params: { ...auth_params, totp_params: TOTP } })
    await server.admin.createRealm({ id: 'plain', auth_params })
    for (const username of ['alice', 'bob', 'carol', 'dave'])
      await server.admin.createUser({ username, password: PASSWORD }, 'shop')
    await server.admin.createUser({ username: 'alice', password: PASSWORD }, 'plain')
  })
  after(() => server.close())

  const at = (username: string, path = '', realm = 'shop') => `/admin/realm/${realm}/user/${username}/totp${path}`
  const post = (path: string, json?: unknown): Promise<Answer> =>
    server.admin.request('POST', path, json === undefined ? {} : { json })
  const generate = async (username: string) => {
    const answer = await post(at(username, '/generate'))
    assert.equal(answer.status, 200)
    return answer.json<{ secret_base32: string; otpauth_url: string }>()
  }
  const login = (username: string, totp_code?: string): Promise<Answer> =>
    server.request('POST', '/login?realm=shop', {
      headers: { authorization: basic(username, PASSWORD) },
      ...(totp_code === undefined ? {} : { json: { totp_code } }),
    })
  const isEnabled = async (username: string): Promise<unknown> =>
    (await server.admin.request('GET', `/admin/realm/shop/user/${username}`)).json().totp_enabled

  /** The app of a user, and its recovery codes; the time is then a step later. */
  const enable = async (username: string) => {
    const app = createApp((await generate(username)).secret_base32, 'SHA256', 60)
    const answer = await post(at(username, '/verify'), { secret: app.secret, token: app.code(now) })
    assert.equal(answer.status, 200, answer.body)
    now += 60_000
    return { app, recoveryCodes: answer.json<{ recovery_codes: string[] }>().recovery_codes }
  }

  test('nobody but an administrator of the realm gets at it', async () => {
    for (const [method, path] of [
      ['POST', at('alice', '/generate')],
      ['POST', at('alice', '/verify')],
      ['DELETE', at('alice')],
    ] as const)
      assert.equal((await server.request(method, path)).status, 401, `${method} ${path}`)
    assert.equal((await post(at('nobody', '/generate'))).status, 404)
    assert.equal((await post(at('alice', '/generate', 'nowhere'))).status, 404)
    assert.equal((await post(at('nobody', '/verify'), { secret: 'x', token: '000000' })).status, 404)
  })

  test('409 where the realm has no totp_params', async () => {
    const app = createApp((await generate('alice')).secret_base32)
    for (const answer of [
      await post(at('alice', '/generate', 'plain')),
      await post(at('alice', '/verify', 'plain'), { secret: app.secret, token: app.code(now) }),
    ]) {
      assert.equal(answer.status, 409)
      assert.match(String(answer.json().error_description), /totp_params/)
    }
  })

  test('a body that is not a secret and its code enables nothing', async () => {
    const app = createApp((await generate('alice')).secret_base32, 'SHA256', 60)
    const token = app.code(now)
    const bodies: [unknown, number][] = [
      [{}, 400],
      [{ secret: app.secret }, 400],
      [{ secret: app.secret, token: Number(token) }, 400],
      [{ secret: app.secret, token, extra: 1 }, 400],
      [{ secret: app.secret, token: '12345' }, 422],
      [{ secret: app.secret, token: `${token}0` }, 422],
      [{ secret: 'GEZDGNBVGY3TQOJQ', token }, 422],
      [{ secret: 'not base32!', token }, 422],
      [{ secret: 'A'.repeat(600), token }, 422],
      [{ secret: app.secret, token: wrongCode(app, now) }, 422],
    ]
    for (const [body, status] of bodies) {
      const answer = await post(at('alice', '/verify'), body)
      assert.equal(answer.status, status, `${JSON.stringify(body)} ${answer.body}`)
    }
    assert.equal(await isEnabled('alice'), false)
    assert.equal((await login('alice')).json().next_step, 'Authenticated')
  })

  test('what is generated is stored nowhere, and is another one every time', async () => {
    const [first, second] = [await generate('alice'), await generate('alice')]
    assert.notEqual(first.secret_base32, second.secret_base32)
    const url = new URL(first.otpauth_url)
    assert.equal(url.protocol, 'otpauth:')
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      issuer: 'localhost (shop)',
      secret: first.secret_base32,
      algorithm: 'SHA256',
      digits: '6',
      period: '60',
    })
    assert.equal(await isEnabled('alice'), false)
  })

  test('T-BF-05 enabled, a login needs a code, and each code once', async () => {
    const { app, recoveryCodes } = await enable('alice')
    assert.equal(await isEnabled('alice'), true)
    const first = await login('alice')
    assert.deepEqual(
      [first.status, first.json(), first.headers['set-cookie']],
      [200, { next_step: 'TotpRequired', session_id: null }, undefined],
    )
    assert.equal((await login('alice', wrongCode(app, now))).status, 401)
    const right = await login('alice', app.code(now))
    assert.equal(right.json().next_step, 'Authenticated')
    assert.equal((await login('alice', app.code(now))).status, 401)
    assert.equal((await login('alice', app.code(now, -1))).status, 401)
    const recovered = await login('alice', recoveryCodes[0]?.toLowerCase())
    assert.equal(recovered.json().next_step, 'Authenticated')
    assert.equal((await login('alice', recoveryCodes[0])).status, 401)
  })

  test('T-BF-04 after ten wrong codes 429 with the time to wait, however many come at once', async () => {
    const { app } = await enable('bob')
    const wrong = wrongCode(app, now)
    // One after another, so that it is the code that is limited and not the password.
    for (let guess = 0; guess < 10; guess++) assert.equal((await login('bob', wrong)).status, 401)
    const refused = await Promise.all([login('bob', wrong), login('bob', app.code(now)), login('bob', wrong)])
    for (const answer of refused) {
      assert.equal(answer.status, 429)
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
    }
  })

  test('an administrator puts another app in the place of a lost one, and takes it off', async () => {
    const old = await enable('carol')
    const { app } = await enable('carol')
    assert.equal((await login('carol', old.app.code(now))).status, 401)
    assert.equal((await login('carol', old.recoveryCodes[0])).status, 401)
    assert.equal((await login('carol', app.code(now))).json().next_step, 'Authenticated')
    assert.equal((await server.admin.request('DELETE', at('carol'), { json: { extra: 1 } })).status, 400)
    const removed = await server.admin.request('DELETE', at('carol'))
    assert.deepEqual([removed.status, removed.body], [204, ''])
    assert.equal((await server.admin.request('DELETE', at('carol'))).status, 404)
    assert.equal(await isEnabled('carol'), false)
    assert.equal((await login('carol')).json().next_step, 'Authenticated')
  })

  test('lists say who has one; no secret comes out anywhere', async () => {
    const { app, recoveryCodes } = await enable('dave')
    const list = await server.admin.request('GET', '/admin/realm/shop/user')
    const users = list.json<{ items: { username: string; totp_enabled: boolean }[] }>().items
    assert.equal(users.find(({ username }) => username === 'dave')?.totp_enabled, true)
    assert.equal(users.find(({ username }) => username === 'carol')?.totp_enabled, false)
    const audit = await server.admin.request('GET', '/admin/realm/shop/audit')
    assert.match(audit.body, /"user\.totp_enabled"/)
    assert.match(audit.body, /"user\.totp_disabled"/)
    for (const text of [list.body, audit.body, server.logs.join('')])
      for (const secret of [app.secret, ...recoveryCodes]) assert.ok(!text.includes(secret))
  })

  test('a deleted user takes the app along: one of the same name begins without', async () => {
    await enable('dave')
    assert.equal((await server.admin.request('DELETE', '/admin/realm/shop/user/dave')).status, 204)
    await server.admin.createUser({ username: 'dave', password: PASSWORD }, 'shop')
    assert.equal((await login('dave')).json().next_step, 'Authenticated')
  })
})

test('without a key for secrets everything works but one-time codes, which are refused by the name of the key', async (t) => {
  const server = await startServer({ config: { secrets_params: undefined } })
  t.after(() => server.close())
  await server.admin.createRealm({
    id: 'shop',
    auth_params: { username_password_params: {}, totp_params: { algorithm: 'SHA1' } },
  })
  await server.admin.createUser({ username: 'alice', password: PASSWORD }, 'shop')
  for (const path of ['generate', 'verify']) {
    const answer = await server.admin.request('POST', `/admin/realm/shop/user/alice/totp/${path}`, {
      json: path === 'generate' ? {} : { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', token: '123456' },
    })
    assert.equal(answer.status, 409)
    assert.match(String(answer.json().error_description), /secrets_params\.encryption_key/)
  }
  const answer = await server.request('POST', '/login?realm=shop', {
    headers: { authorization: basic('alice', PASSWORD) },
  })
  assert.equal(answer.json().next_step, 'Authenticated')
})
