/** GET /whoami and POST /logout – the contract, over the real server. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { createManualClock } from '../../contract/sessions/samples.ts'
import type { Answer, RequestOptions } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createPeople, type People, SESSION_SECONDS } from './people.ts'

const SECOND = 1_000

describe('GET /whoami and POST /logout', () => {
  const clock = createManualClock(Date.UTC(2030, 0, 1))
  let server: TestServer
  let people: People

  before(async () => {
    server = await startServer({ clock })
    people = createPeople(server)
    for (const realm of ['shop', 'other']) {
      await people.createRealm(realm)
      await people.createUser(realm, 'alice', { roles: ['reader', 'writer'] })
    }
    await people.createUser('shop', 'bob')
    await people.createUser('shop', 'expired', { change_password: true })
  })
  after(() => server.close())

  const whoami = (realm: string, options: RequestOptions = {}): Promise<Answer> =>
    server.request('GET', `/whoami?realm=${realm}`, options)

  const logout = (realm: string, options: RequestOptions = {}): Promise<Answer> =>
    server.request('POST', `/logout?realm=${realm}`, options)

  test('T-SE-03 – without a live session of the realm there is nobody', async () => {
    const { cookie, sessionId } = await people.signIn('shop', 'alice')
    const [name = ''] = cookie.split('=')
    const sso = cookie.replace('__Host-session.', '__Host-sso.')
    for (const guess of [undefined, `${name}=`, `${name}=${sessionId}`, `${cookie}x`, sso, `${cookie}; ${cookie}`]) {
      const answer = await whoami('shop', guess === undefined ? {} : { cookie: guess })
      assert.equal(answer.status, 401, String(guess))
      assert.equal(answer.json().error, 'unauthorized')
    }
    assert.equal((await whoami('other', { cookie })).status, 401)
    assert.equal((await whoami('other', { cookie: cookie.replace('shop', 'other') })).status, 401)
    assert.equal((await whoami('nowhere', { cookie })).status, 404)
    assert.equal((await server.request('GET', '/whoami', { cookie })).status, 400)
  })

  test('the claims are those of the session and its user', async () => {
    const { cookie, sessionId } = await people.signIn('shop', 'alice')
    const answer = await whoami('shop', { cookie })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { sub, ...claims } = answer.json<{ sub: string }>()
    const now = clock.now() / SECOND
    const issuer = `${server.issuer}/realms/shop`
    assert.deepEqual(claims, {
      iss: issuer,
      aud: issuer,
      iat: now,
      exp: now + SESSION_SECONDS.idle,
      sid: sessionId,
      realm: 'shop',
      auth_scheme: 'up',
      amr: ['pwd'],
      roles: ['reader', 'writer'],
    })
    assert.notEqual(sub, 'alice')
  })

  test('RFC 7517 §4 – the key of session JWTs is published to everybody, and is no key of a realm', async () => {
    const answer = await server.request('GET', '/sessions/jwks.json', { headers: { origin: 'https://api.example' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.match(answer.headers['cache-control'] ?? '', /^public, max-age=\d+$/)
    const jwks = answer.json<JSONWebKeySet>()
    assert.deepEqual(
      jwks.keys.map((key) => Object.keys(key).sort()),
      [['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    )
    const { cookie } = await people.signIn('shop', 'alice')
    const { body } = await whoami('shop', { cookie, headers: { accept: 'application/jwt' } })
    const options = { typ: 'session+jwt', issuer: `${server.issuer}/realms/shop`, currentDate: new Date(clock.now()) }
    const { payload } = await jwtVerify(body, createLocalJWKSet(jwks), options)
    assert.equal(payload.realm, 'shop')
    const ofRealm = (await server.request('GET', '/realms/shop/jwks.json')).json<JSONWebKeySet>()
    await assert.rejects(jwtVerify(body, createLocalJWKSet(ofRealm), options))
  })

  test('RFC 9110 §12.5.1 – who accepts a JWT gets one that others verify offline', async () => {
    const { cookie } = await people.signIn('shop', 'alice')
    const answer = await whoami('shop', { cookie, headers: { accept: 'text/plain;q=0.1, application/jwt' } })
    assert.equal(answer.headers['content-type'], 'application/jwt')
    const key = createPublicKey(server.deps.config.pem.session_jwt_public_key)
    const { payload } = await jwtVerify(answer.body, key, {
      typ: 'session+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(clock.now()),
    })
    assert.deepEqual(payload, (await whoami('shop', { cookie })).json())
    for (const accept of ['*/*', 'application/json', 'application/jwt;q=0', 'application/jwtx'])
      assert.match(String((await whoami('shop', { cookie, headers: { accept } })).headers['content-type']), /json/)
  })

  test('a session JWT is no access token of anything', async () => {
    const { cookie } = await people.signIn('shop', 'alice')
    const { body } = await whoami('shop', { cookie, headers: { accept: 'application/jwt' } })
    const headers = { authorization: `Bearer ${body}` }
    assert.equal((await server.request('GET', '/realms/shop/userinfo', { headers })).status, 401)
    assert.equal((await server.request('GET', '/sessions/realms/shop', { headers })).status, 401)
    assert.equal((await server.request('GET', '/admin/realm', { headers })).status, 401)
  })

  test('a session with an expired password says only that it has expired', async () => {
    const { cookie } = await people.signIn('shop', 'expired')
    const answer = await whoami('shop', { cookie })
    assert.equal(answer.status, 403)
    assert.equal(answer.json().error, 'password_expired')
  })

  test('T-SE-11 – a user who is disabled or deleted is nobody at once', async () => {
    for (const [username, method, change] of [
      ['carol', 'PUT', { enabled: false }],
      ['dave', 'DELETE', undefined],
    ] as const) {
      await people.createUser('shop', username)
      const { cookie } = await people.signIn('shop', username)
      assert.equal((await whoami('shop', { cookie })).status, 200)
      const path = `/admin/realm/shop/user/${username}`
      const known = (await server.admin.request('GET', path)).json()
      const json = change === undefined ? undefined : { ...pickWritable(known), ...change }
      const answer = await server.admin.request(method, path, json === undefined ? {} : { json })
      assert.ok(answer.status < 300, answer.body)
      assert.equal((await whoami('shop', { cookie })).status, 401)
    }
  })

  test('T-SE-18 – use keeps the session alive, and idleness or age ends it to the second', async () => {
    const { cookie } = await people.signIn('shop', 'bob')
    const step = (SESSION_SECONDS.idle - 1) * SECOND
    for (let passed = step; passed < SESSION_SECONDS.absolute * SECOND; passed += step) {
      clock.advance(step)
      assert.equal((await whoami('shop', { cookie })).status, 200, `after ${passed} ms`)
    }
    clock.advance(step)
    assert.equal((await whoami('shop', { cookie })).status, 401)

    const idle = await people.signIn('shop', 'bob')
    clock.advance(SESSION_SECONDS.idle * SECOND)
    assert.equal((await whoami('shop', { cookie: idle.cookie })).status, 401)
  })

  test('T-SE-15 – another site cannot sign a person out', async () => {
    const { cookie } = await people.signIn('shop', 'alice')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: server.issuer.replace('https:', 'http:') },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) assert.equal((await logout('shop', { cookie, headers })).status, 403)
    assert.equal((await whoami('shop', { cookie })).status, 200)
  })

  test('logout ends the session of the realm, clears its cookie and is written down', async () => {
    const here = await people.signIn('shop', 'alice')
    const there = await people.signIn('other', 'alice')
    const second = await people.signIn('shop', 'alice')
    const answer = await logout('shop', {
      cookie: `${here.cookie}; ${there.cookie}`,
      headers: { origin: new URL(server.issuer).origin },
    })
    assert.equal(answer.status, 204)
    assert.equal(answer.body, '')
    const [cleared = ''] = answer.headers['set-cookie'] ?? []
    assert.match(cleared, /^__Host-session\.shop=;/)
    for (const attribute of ['Max-Age=0', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict'])
      assert.ok(cleared.includes(attribute), cleared)
    assert.equal((await whoami('shop', { cookie: here.cookie })).status, 401)
    assert.equal((await whoami('shop', { cookie: second.cookie })).status, 200)
    assert.equal((await whoami('other', { cookie: there.cookie })).status, 200)
    const { items } = await server.store.realm('shop').audit.list({ limit: 50 })
    const events = items.filter(({ type, target }) => type === 'logout' && target === here.sessionId)
    assert.equal(events.length, 1)
    assert.equal(events[0]?.principal, 'alice')
  })

  test('T-SE-02 – after a logout without a cookie the next person has nothing of the one before', async () => {
    const first = await people.signIn('shop', 'alice')
    assert.equal((await logout('shop')).status, 204)
    const next = await people.signIn('shop', 'bob', { cookie: first.cookie })
    assert.notEqual(next.cookie, first.cookie)
    assert.notEqual(next.sessionId, first.sessionId)
    const claims = (await whoami('shop', { cookie: next.cookie })).json<{ sid: string }>()
    assert.equal(claims.sid, next.sessionId)
  })

  test('a logout says everything in its address: members of a body are refused by name or kind', async () => {
    const { cookie } = await people.signIn('shop', 'alice')
    assert.equal((await logout('shop', { cookie, json: { all: true } })).status, 400)
    assert.equal((await whoami('shop', { cookie })).status, 200)
    assert.equal((await logout('shop', { cookie, json: {} })).status, 204)
  })
})

/** What PUT takes of what GET gave. */
const pickWritable = (user: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(user).filter(([name]) => ['roles', 'groups', 'claims'].includes(name)))
