/**
 * RFC 8725 §3.12 – what this server hands out is good in its own place and in no other: every secret, identifier and token,
 * shown in every place that takes one.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, basic } from '../../support/client.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const PUSHED = 'urn:ietf:params:oauth:request_uri:'

const key = createKey('ES256')

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient
let signer: TestClient
let teller: TestClient
let verifier: string
let artifacts: Map<string, string>

const cookieOf = (browser: Browser, prefix: string): string =>
  [...browser.jar].find(([name]) => name.startsWith(prefix))?.[1] ?? ''

/** One of each kind, all of them good. */
const collect = async (): Promise<Map<string, string>> => {
  const { server } = stage
  const tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access' } })
  const browser = server.browser()
  const pkce = createPkce()
  verifier = pkce.verifier
  const code = await server.oauth.obtainCode(
    browser,
    client,
    server.oauth.authorizationParameters(client, pkce.challenge, { state: 'the-state-of-the-request' }),
    alice,
  )
  const begun = await stage.authorize(browser, stage.parametersFor(client, { prompt: 'login' }))
  const pushed = (await stage.push(client)).json<{ request_uri: string }>().request_uri
  const login = await server.request('POST', '/login?realm=main', {
    headers: { authorization: basic(alice.username, alice.password) },
  })
  const apiCookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const jwt = await server.request('GET', '/whoami?realm=main', {
    cookie: apiCookie,
    headers: { accept: 'application/jwt' },
  })
  const userinfo = await server.request('GET', '/userinfo', {
    headers: { authorization: `Bearer ${(await server.oauth.obtainTokens(teller, alice)).access_token}` },
  })
  const iat = Math.floor(Date.now() / 1000)
  const { client_id: id } = signer
  const claims = { iss: id, sub: id, aud: server.issuer, jti: 'once', iat, exp: iat + 300 }
  return new Map([
    ['code', code],
    ['refresh token', tokens.refresh_token],
    ['access token', tokens.access_token],
    ['ID token', tokens.id_token],
    ['session JWT', jwt.body],
    ['UserInfo answer', userinfo.body],
    ['client assertion', signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claims)],
    ['API session', apiCookie.slice(apiCookie.indexOf('=') + 1)],
    ['SSO session', cookieOf(browser, '__Host-sso.')],
    ['browser secret', cookieOf(browser, '__Host-interaction.')],
    ['session id', login.json<{ session_id: string }>().session_id],
    ['interaction id', begun.headers.location?.split('/').at(-1) ?? ''],
    ['pushed reference', pushed.slice(PUSHED.length)],
    ['request_uri', pushed],
    ['client secret', client.client_secret ?? ''],
    ['client_id', client.client_id],
    ['state', 'the-state-of-the-request'],
    ['subject', alice.id],
  ])
}

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient({ consent: 'skip' })
  signer = await stage.addClient({
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    scope: 'jobs',
    jwks: { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] },
  })
  teller = await stage.addClient({ consent: 'skip', userinfo_signed_response_alg: 'ES256' })
  artifacts = await collect()
  for (const [kind, value] of artifacts) assert.ok(value.length > 8, kind)
})
after(() => stage.server.close())

const post = (path: string, form: Record<string, string>): Promise<Answer> => {
  const shown = clientAuthentication(client)
  return stage.server.request('POST', path, { headers: shown.headers, form: { ...shown.form, ...form } })
}

const get = (path: string, headers: Record<string, string>): Promise<Answer> =>
  stage.server.request('GET', path, { headers })

/** A place, whether it took what it was shown, and the only kinds that it may take. */
type Place = { name: string; kinds: string[]; takes(value: string): Promise<boolean> }

const places: Place[] = [
  {
    name: 'T-AC-02 refresh_token at the token endpoint',
    kinds: ['refresh token'],
    takes: async (value) =>
      (await post('/token', { grant_type: 'refresh_token', refresh_token: value })).status === 200,
  },
  {
    name: 'token at introspection',
    kinds: ['access token', 'refresh token'],
    takes: async (value) => (await post('/introspect', { token: value })).json().active === true,
  },
  {
    name: 'T-JW-12 bearer token at UserInfo',
    kinds: ['access token'],
    takes: async (value) => (await get('/userinfo', { authorization: `Bearer ${value}` })).status === 200,
  },
  {
    name: 'T-AD-01 bearer token at the administration',
    kinds: [],
    takes: async (value) => (await get('/admin/realm', { authorization: `Bearer ${value}` })).status === 200,
  },
  {
    name: 'T-AD-01 bearer token at the sessions API',
    kinds: [],
    takes: async (value) => (await get('/sessions/realms/main', { authorization: `Bearer ${value}` })).status === 200,
  },
  {
    name: 'T-JW-13 T-SE-03 cookie of the JSON API',
    kinds: ['API session'],
    takes: async (value) =>
      (await get('/whoami?realm=main', { cookie: `__Host-session.main=${value}` })).status === 200,
  },
  {
    name: 'T-JW-13 T-SE-03 cookie of the administration',
    kinds: [],
    takes: async (value) => (await get('/admin/realm', { cookie: `__Host-session._=${value}` })).status === 200,
  },
  {
    name: 'T-JW-13 T-SE-03 cookie of the pages',
    kinds: ['SSO session'],
    takes: async (value) => {
      const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
      const answer = await get(`/authorize?${query}`, { cookie: `__Host-sso.main=${value}` })
      return responseOf(answer).has('code')
    },
  },
  {
    name: 'T-PA-01 request_uri at the authorization endpoint',
    kinds: ['request_uri'],
    takes: async (value) => {
      const query = new URLSearchParams({ client_id: client.client_id, request_uri: value })
      return (await get(`/authorize?${query}`, {})).headers.location?.includes('/interaction/') === true
    },
  },
  {
    name: 'T-PA-01 reference of a request_uri',
    kinds: ['pushed reference'],
    takes: async (value) => {
      const query = new URLSearchParams({ client_id: client.client_id, request_uri: `${PUSHED}${value}` })
      return (await get(`/authorize?${query}`, {})).headers.location?.includes('/interaction/') === true
    },
  },
  {
    name: 'T-AC-04 address of a page, with the cookie of the browser',
    kinds: ['interaction id'],
    takes: async (value) => {
      const cookie = `__Host-interaction.main=${artifacts.get('browser secret')}`
      return (await get(`/interaction/${encodeURIComponent(value)}`, { cookie })).status === 200
    },
  },
  {
    name: 'T-AC-04 cookie of the browser, with the address of a page',
    kinds: ['browser secret'],
    takes: async (value) => {
      const cookie = `__Host-interaction.main=${value}`
      return (await get(`/interaction/${artifacts.get('interaction id')}`, { cookie })).status === 200
    },
  },
  {
    name: 'T-JW-12 id_token_hint at the authorization endpoint',
    kinds: ['ID token'],
    takes: async (value) => {
      const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none', id_token_hint: value }))
      return responseOf(await get(`/authorize?${query}`, {})).get('error') === 'login_required'
    },
  },
  {
    name: 'T-JW-12 id_token_hint at the logout',
    kinds: ['ID token'],
    takes: async (value) => {
      const parameters = { id_token_hint: value, post_logout_redirect_uri: 'https://app.example/signed-out' }
      const answer = await get(`/logout?${new URLSearchParams(parameters)}`, {})
      return answer.headers.location === 'https://app.example/signed-out'
    },
  },
  {
    name: 'T-JW-12 T-CA-02 client_assertion at the token endpoint',
    kinds: ['client assertion'],
    takes: async (value) => {
      const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE, client_assertion: value }
      return (await stage.server.request('POST', '/token', { form })).status === 200
    },
  },
  {
    name: 'T-CA-05 password at the login',
    kinds: [],
    takes: async (value) => {
      // One more name each time: guesses are counted.
      const authorization = basic(value, value)
      return (await stage.server.request('POST', '/login?realm=main', { headers: { authorization } })).status === 200
    },
  },
  {
    // Last, because a code is good once.
    name: 'T-AC-02 code at the token endpoint',
    kinds: ['code'],
    takes: async (value) => {
      const form = { grant_type: 'authorization_code', code: value, code_verifier: verifier }
      return (await post('/token', form)).status === 200
    },
  },
]

describe('RFC 8725 §3.12 – of all that this server hands out only the right kind is taken', () => {
  for (const { name, kinds, takes } of places)
    test(name, async () => {
      const taken: string[] = []
      // The right kinds last: a family that somebody uses wrongly could be ended by it.
      const inOrder = [...artifacts].sort(([a], [b]) => Number(kinds.includes(a)) - Number(kinds.includes(b)))
      for (const [kind, value] of inOrder) if (await takes(value)) taken.push(kind)
      assert.deepEqual(taken.sort(), kinds.toSorted())
      // What was used up is made anew for the next place.
      if (name.includes('refresh_token')) artifacts = await collect()
    })
})

test('RFC 7009 §2.2 – nothing but tokens can be revoked', async () => {
  const { server } = stage
  const fresh = await collect()
  for (const kind of ['code', 'ID token', 'session JWT', 'API session', 'SSO session', 'session id', 'request_uri'])
    assert.equal((await post('/revoke', { token: fresh.get(kind) ?? '' })).status, 200, kind)
  const whoami = await get('/whoami?realm=main', { cookie: `__Host-session.main=${fresh.get('API session')}` })
  assert.equal(whoami.status, 200)
  assert.equal((await server.oauth.redeem(client, fresh.get('code') ?? '', verifier)).status, 200)
  assert.equal((await server.oauth.refresh(client, fresh.get('refresh token') ?? '')).status, 200)
})
