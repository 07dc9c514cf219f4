/** POST /login with a JWT of an identity provider, over the real server and real providers. */
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { after, before, describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Answer } from '../../support/client.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http_proxy.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity_provider.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const CUSTOM = 'Token of-the-proxy'

describe('POST /login with a JWT', () => {
  let proxy: HttpProxy
  let server: TestServer
  let now = 1_800_000_000_000
  let idp: IdentityProvider
  let realms = 0

  before(async () => {
    proxy = await startHttpProxy(CUSTOM)
    // Time stands still but for what a test adds, so that intervals are exact.
    server = await startServer({
      clock: { now: () => now },
      config: {
        proxy_params: {
          url: proxy.url,
          basic_auth_username: 'user',
          basic_auth_password: 'password',
          custom_auth_header: CUSTOM,
          exclusion_list: ['127.0.0.0/8'],
        },
      },
    })
    idp = await startIdentityProvider()
  })
  after(async () => {
    await server.close()
    await idp.close()
    await proxy.close()
  })

  const seconds = (): number => Math.floor(now / 1000)

  const tokenOf = (from: IdentityProvider, claims: Record<string, unknown> = {}): string =>
    from.token({ iat: seconds(), exp: seconds() + 300, ...claims })

  /** With alice in it. */
  const createRealm = async (providers: Record<string, unknown>[], interval = 60): Promise<string> => {
    const id = `jwt-${++realms}`
    await server.admin.createRealm({
      id,
      auth_params: { jwt_params: { idp_params: providers, smallest_refresh_interval_seconds: interval } },
    })
    await server.admin.createUser({ username: 'alice' }, id)
    return id
  }

  const startOwn = async (t: TestContext): Promise<IdentityProvider> => {
    const own = await startIdentityProvider()
    t.after(own.close)
    return own
  }

  const login = (realm: string, token: string, options: { cookie?: string } = {}): Promise<Answer> =>
    server.request('POST', `/login?realm=${realm}`, { headers: { authorization: `Bearer ${token}` }, ...options })

  test('every refusal looks the same, whether the token or the person is wrong', async () => {
    const realm = await createRealm([{ ...idp.provider, jwt_audience: 'shop' }])
    await server.admin.createUser({ username: 'disabled', enabled: false }, realm)
    const refused = [
      tokenOf(idp, { aud: 'other' }),
      tokenOf(idp, { aud: 'shop', exp: seconds() - 60 }),
      tokenOf(idp, { aud: 'shop', sub: 'nobody' }),
      tokenOf(idp, { aud: 'shop', sub: 'disabled' }),
      tokenOf(idp, { aud: 'shop', iss: 'https://evil.example' }),
      'x',
    ]
    const answers = await Promise.all(refused.map((token) => login(realm, token)))
    for (const answer of answers) {
      assert.equal(answer.status, 401)
      assert.equal(answer.body, answers[0]?.body)
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.ok(answer.headers['www-authenticate'])
    }
    const page = await server.store.realm(realm).audit.list({ limit: 50 })
    const reasons = page.items.filter(({ type }) => type === 'auth_failure').map(({ detail }) => detail.reason)
    assert.deepEqual(
      reasons.sort(),
      ['disabled', 'expired', 'malformed_token', 'unknown_issuer', 'unknown_user', 'wrong_audience'].sort(),
    )
  })

  test('T-IS-08 – a token that one realm takes is worth nothing in another one', async (t) => {
    await createRealm([idp.provider])
    const other = await startOwn(t)
    const realm = await createRealm([other.provider])
    assert.equal((await login(realm, tokenOf(idp))).status, 401)
  })

  test('T-CS-01 – a page of another site signs nobody in', async () => {
    const realm = await createRealm([idp.provider])
    const headers = { authorization: `Bearer ${tokenOf(idp)}`, origin: 'https://evil.example' }
    assert.equal((await server.request('POST', `/login?realm=${realm}`, { headers })).status, 403)
  })

  test('the right token begins a session that says how it began', async () => {
    const realm = await createRealm([idp.provider, { ...idp.provider, jwt_issuer_uri: 'https://second.example' }])
    const answer = await login(realm, tokenOf(idp, { amr: ['pwd', 'hwk'] }))
    assert.equal(answer.status, 200)
    assert.equal(answer.json().next_step, 'Authenticated')
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    assert.match(cookie, new RegExp(`^__Host-session\\.${realm}=`))
    const whoami = (await server.request('GET', `/whoami?realm=${realm}`, { cookie })).json()
    assert.equal(whoami.auth_scheme, 'jwt')
    assert.deepEqual(whoami.amr, ['pwd', 'hwk'])
    // The second provider has the same keys; only its own tokens name it.
    assert.equal((await login(realm, tokenOf(idp, { iss: 'https://second.example' }))).status, 200)
  })

  test('T-SE-10 – an identity leads to its user, and belongs to one user alone', async () => {
    const realm = await createRealm([idp.provider])
    const identities = [{ issuer: idp.issuer, subject: '0042' }]
    await server.admin.createUser({ username: 'linked', identities }, realm)
    const again = { username: 'again', password: 'a passphrase of the tests 7', identities }
    const refused = await server.admin.request('POST', `/admin/realm/${realm}/user`, { json: again })
    assert.equal(refused.status, 409)
    assert.equal((await login(realm, tokenOf(idp, { sub: '0042' }))).status, 200)
    assert.equal((await login(realm, tokenOf(idp, { sub: 'linked' }))).status, 401)
    const page = await server.store.realm(realm).audit.list({ limit: 50 })
    assert.ok(page.items.some(({ detail }) => detail.reason === 'unknown_user'))
  })

  test('T-SS-08 – two hundred logins after a change of keys cause one fetch, and no kid another one within the interval', async (t) => {
    const own = await startOwn(t)
    const realm = await createRealm([own.provider], 30)
    assert.equal((await login(realm, tokenOf(own))).status, 200)
    own.rotate('EdDSA')
    // Too early: the interval has not passed.
    assert.equal((await login(realm, tokenOf(own))).status, 401)
    assert.equal(own.counts.jwks, 1)
    now += 30_000
    const token = tokenOf(own)
    const answers = await Promise.all(Array.from({ length: 200 }, () => login(realm, token)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(own.counts.jwks, 2)
    await Promise.all(Array.from({ length: 50 }, (_, i) => login(realm, own.token({}, { kid: `invented-${i}` }))))
    assert.equal(own.counts.jwks, 2)
  })

  const troubles: [string, RequestListener][] = [
    ['an error', (_request, response) => void response.writeHead(500).end()],
    ['a redirect', (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
    ['no JSON', (_request, response) => void response.end('<html>')],
    ['no key set', (_request, response) => void response.end('{"error":"down"}')],
    [
      'a compressed body',
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"keys":[]}')),
    ],
    [
      'more than a megabyte',
      (_request, response) => void response.end(`{"keys":[],"filling":"${'x'.repeat(1_048_576)}"}`),
    ],
    [
      'an answer that breaks off',
      (_request, response) =>
        void response.writeHead(200, { 'content-length': 1_000 }).write('{', () => response.destroy()),
    ],
  ]
  for (const [name, jwks] of troubles)
    test(`F-34 T-SS-07 – a provider that answers with ${name} is answered 503 until there were keys, and then changes nothing`, async (t) => {
      const own = await startOwn(t)
      const realm = await createRealm([own.provider], 30)
      own.behave({ jwks })
      const answers = await Promise.all(Array.from({ length: 20 }, () => login(realm, tokenOf(own))))
      for (const answer of answers) {
        assert.equal(answer.status, 503)
        assert.equal(answer.headers['retry-after'], '5')
        assert.equal(answer.json().error, 'temporarily_unavailable')
      }
      assert.equal(own.counts.jwks, 1)
      own.behave({})
      now += 5_000
      assert.equal((await login(realm, tokenOf(own))).status, 200)
      own.behave({ jwks })
      now += 600_000
      assert.equal((await login(realm, tokenOf(own))).status, 200)
      assert.equal(own.counts.jwks, 3)
    })

  test('T-SS-07 – a key set of almost a megabyte is read', async (t) => {
    const own = await startOwn(t)
    const realm = await createRealm([own.provider])
    own.behave({
      jwks: (_request, response) => {
        response.end(JSON.stringify({ ...own.keySet(), filling: 'x'.repeat(1_000_000) }))
      },
    })
    assert.equal((await login(realm, tokenOf(own))).status, 200)
  })

  test('F-34 – a provider that hangs holds up its own logins, five seconds, and nobody else', async (t) => {
    const own = await startOwn(t)
    const realm = await createRealm([own.provider, idp.provider])
    own.behave({ jwks: () => undefined })
    const waiting = login(realm, tokenOf(own))
    const others = await Promise.all(Array.from({ length: 20 }, () => login(realm, tokenOf(idp))))
    assert.deepEqual(new Set(others.map(({ status }) => status)), new Set([200]))
    assert.equal((await waiting).status, 503)
  })

  test('the exclusion list keeps loopback providers off the proxy', () => {
    assert.deepEqual(proxy.asked, [])
  })

  test('T-SS-01 – a key set inside the network is not fetched, whatever the provider says', async () => {
    const realm = await createRealm([{ jwt_issuer_uri: idp.issuer, jwks_uri: 'https://169.254.169.254/latest' }])
    assert.equal((await login(realm, tokenOf(idp))).status, 503)
    assert.ok(server.logs.some((line) => line.includes('an address is not allowed')))
  })
})
