/** RFC 9449 – DPoP over real TLS: openid-client as the oracle, and everything that UserInfo and PAR have to refuse. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { type Answer, clientBasic } from '../../support/client.ts'
import { createProofKey, type ProofKey } from '../../support/dpop.ts'
import { createPkce, type Person, type TestClient, type TokenAnswer } from '../../support/oauth.ts'
import { discover, signInWith } from '../../support/openid_client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let person: Person
let client: TestClient

before(async () => {
  server = await startServer()
  person = await server.admin.createUser()
  client = await server.admin.createClient({ token_endpoint_auth_method: 'none', consent: 'skip' })
})
after(() => server.close())

const now = (): number => Math.floor(Date.now() / 1000)

const post = (path: string, form: Record<string, string>, dpop: string): Promise<Answer> =>
  server.request('POST', path, { form, headers: { dpop } })

/** Tokens of the public client, bound to the key. */
const boundTokens = async (key: ProofKey): Promise<TokenAnswer> => {
  const { verifier, challenge } = createPkce()
  const parameters = server.oauth.authorizationParameters(client, challenge)
  const code = await server.oauth.obtainCode(server.browser(), client, parameters, person)
  const answer = await post(
    '/token',
    {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code,
      redirect_uri: client.redirect_uris[0] ?? '',
      code_verifier: verifier,
    },
    key.prove({ url: server.url('/token'), iat: now() }),
  )
  assert.equal(answer.status, 200, answer.body)
  return answer.json<TokenAnswer>()
}

describe('RFC 9449 §7 – UserInfo', () => {
  let key: ProofKey
  let token: string
  before(async () => {
    key = createProofKey()
    token = (await boundTokens(key)).access_token
  })

  type Wish = Partial<Parameters<ProofKey['prove']>[0]>

  const proof = (wish: Wish = {}): string =>
    key.prove({ url: server.url('/userinfo'), method: 'GET', accessToken: token, iat: now(), ...wish })

  const show = (dpop: string | undefined, authorization = `DPoP ${token}`, path = '/userinfo'): Promise<Answer> =>
    server.request('GET', path, { headers: { authorization, ...(dpop === undefined ? {} : { dpop }) } })

  const refusals: Record<string, () => Promise<Answer>> = {
    'no proof': () => show(undefined),
    'two proofs': () => show(`${proof()}, ${proof()}`),
    'a malformed proof': () => show('x.y.z'),
    'no ath': () => show(proof({ claims: { ath: undefined } })),
    'the ath of another token': () => show(proof({ accessToken: 'another' })),
    'another key': () =>
      show(createProofKey().prove({ url: server.url('/userinfo'), method: 'GET', accessToken: token, iat: now() })),
    'another method': () => show(proof({ method: 'POST' })),
    'another address': () => show(proof({ url: server.url('/token') })),
    'an iat of an hour ago': () => show(proof({ iat: now() - 3600 })),
    'a private key': () => show(proof({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } })),
  }
  for (const [name, ask] of Object.entries(refusals))
    test(`T-DP-09 RFC 9449 §7.1 – ${name}: 401 and a challenge`, async () => {
      const answer = await ask()
      assert.equal(answer.status, 401)
      assert.match(
        answer.headers['www-authenticate'] ?? '',
        /^DPoP error="invalid_dpop_proof", .*algs="ES256 PS256 EdDSA"$/,
      )
    })

  test('T-DP-05 RFC 9449 §7.2 – a bound token is no bearer token, with a proof or without', async () => {
    for (const dpop of [undefined, proof()]) {
      const answer = await show(dpop, `Bearer ${token}`)
      assert.equal(answer.status, 401)
      assert.match(answer.headers['www-authenticate'] ?? '', /^DPoP error="invalid_token"/)
    }
    const inBody = await server.request('POST', '/userinfo', { form: { access_token: token } })
    assert.equal(inBody.status, 401)
  })

  test('T-DP-05 RFC 9449 §7.1 – a bearer token is no bound token', async () => {
    const bearer = (await server.oauth.obtainTokens(client, person)).access_token
    const answer = await show(proof({ accessToken: bearer }), `DPoP ${bearer}`)
    assert.equal(answer.status, 401)
  })

  test('T-DP-01 RFC 9449 §11.1 – a proof is of use once', async () => {
    const dpop = proof()
    assert.equal((await show(dpop)).status, 200)
    assert.equal((await show(dpop)).status, 401)
  })

  test('RFC 9449 §4.3 – the case of the scheme, a query and the address of the realm do not matter', async () => {
    assert.equal((await show(proof(), `dpOP ${token}`)).status, 200)
    assert.equal((await show(proof(), `DPoP ${token}`, '/userinfo?a=1')).status, 200)
    assert.equal((await show(proof({ url: `${server.url('/userinfo')}?b=2#c` }))).status, 200)
    const inRealm = '/realms/main/userinfo'
    assert.equal((await show(proof({ url: server.url(inRealm) }), `DPoP ${token}`, inRealm)).status, 200)
  })

  test('RFC 9449 §6.2 – introspection shows the key and the type', async () => {
    const caller = await server.admin.createClient({
      scope: 'introspect',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })
    const introspected = await server.request('POST', '/introspect', {
      form: { token },
      headers: { authorization: clientBasic(caller.client_id, caller.client_secret ?? '') },
    })
    const { active, token_type, cnf } = introspected.json()
    assert.deepEqual({ active, token_type, cnf }, { active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } })
  })
})

describe('RFC 9449 §10.1 – pushed requests', () => {
  const pushed = (key: ProofKey, extra: Record<string, string>): Promise<Answer> => {
    const { challenge } = createPkce()
    const form = server.oauth.authorizationParameters(client, challenge, extra)
    return post('/par', form, key.prove({ url: server.url('/par'), iat: now() }))
  }

  test('T-DP-06 RFC 9449 §10.1 – a dpop_jkt of another key than the proof, or of none, is refused', async () => {
    const key = createProofKey()
    for (const dpop_jkt of [createProofKey().jkt, 'x']) {
      const answer = await pushed(key, { dpop_jkt })
      assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
    }
    assert.equal((await pushed(key, { dpop_jkt: key.jkt })).status, 201)
  })

  test('T-DP-06 RFC 9449 §10.1 – a proof beside the request binds the code', async () => {
    const key = createProofKey()
    const { verifier, challenge } = createPkce()
    const form = server.oauth.authorizationParameters(client, challenge)
    const { request_uri } = (await post('/par', form, key.prove({ url: server.url('/par'), iat: now() }))).json<{
      request_uri: string
    }>()
    const code = await server.oauth.obtainCode(
      server.browser(),
      client,
      { client_id: client.client_id, request_uri },
      person,
    )
    const redeem = (by: ProofKey): Promise<Answer> =>
      post(
        '/token',
        {
          grant_type: 'authorization_code',
          client_id: client.client_id,
          code,
          redirect_uri: client.redirect_uris[0] ?? '',
          code_verifier: verifier,
        },
        by.prove({ url: server.url('/token'), iat: now() }),
      )
    assert.deepEqual((await redeem(createProofKey())).json().error, 'invalid_grant')
    assert.equal((await redeem(key)).status, 200)
  })
})

describe('RFC 9449 §10 – authorization requests', () => {
  const codeFor = async (dpop_jkt: string) => {
    const { verifier, challenge } = createPkce()
    const parameters = server.oauth.authorizationParameters(client, challenge, { dpop_jkt })
    return { verifier, response: await server.oauth.authorize(server.browser(), client, parameters, person) }
  }

  test('T-DP-06 RFC 9449 §10 – a malformed dpop_jkt goes back to the client', async () => {
    const { response } = await codeFor('short')
    assert.ok('parameters' in response)
    assert.equal(response.parameters.get('error'), 'invalid_request')
  })

  test('T-DP-06 RFC 9449 §10 – the code for one key is refused to another and to none', async () => {
    const key = createProofKey()
    const { verifier, response } = await codeFor(key.jkt)
    assert.ok('parameters' in response)
    const code = response.parameters.get('code') ?? ''
    assert.equal((await server.oauth.redeem(client, code, verifier)).json().error, 'invalid_grant')
    const form = {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code,
      redirect_uri: client.redirect_uris[0] ?? '',
      code_verifier: verifier,
    }
    const redeem = (by: ProofKey) => post('/token', form, by.prove({ url: server.url('/token'), iat: now() }))
    assert.equal((await redeem(createProofKey())).json().error, 'invalid_grant')
    assert.equal((await redeem(key)).json().token_type, 'DPoP')
  })
})

for (const policy of ['off', 'optional', 'required'] as const)
  describe(`RFC 9449 – openid-client, with nonces ${policy}`, () => {
    before(() => server.admin.updateRealm('main', { dpop_nonce: policy }))
    after(() => server.admin.updateRealm('main', { dpop_nonce: 'off' }))

    for (const alg of ['ES256', 'PS256', 'Ed25519'])
      for (const method of ['none', 'client_secret_basic'])
        test(`RFC 9449 §5 §7 §8 – ${method} with ${alg}: pushed request, code, UserInfo and refresh`, async () => {
          const registered = await server.admin.createClient({
            token_endpoint_auth_method: method,
            dpop_bound_access_tokens: true,
            require_pushed_authorization_requests: true,
            consent: 'skip',
          })
          const authentication = method === 'none' ? oidc.None() : oidc.ClientSecretBasic(registered.client_secret)
          const configuration = await discover({ target: server, issuer: server.issuer, registered, authentication })
          const dpop = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair(alg))
          const tokens = await signInWith({
            configuration,
            registered,
            oauth: server.oauth,
            browser: server.browser(),
            person,
            scope: 'openid offline_access',
            pushed: true,
            dpop,
          })
          assert.equal(tokens.token_type, 'dpop')
          const subject = tokens.claims()?.sub ?? ''
          assert.equal(
            (await oidc.fetchUserInfo(configuration, tokens.access_token, subject, { DPoP: dpop })).sub,
            subject,
          )
          const next = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? '', {}, { DPoP: dpop })
          assert.equal(
            (await oidc.fetchUserInfo(configuration, next.access_token, subject, { DPoP: dpop })).sub,
            subject,
          )
        })
  })

describe('RFC 9449 §8 §9 – a required nonce', () => {
  before(() => server.admin.updateRealm('main', { dpop_nonce: 'required' }))
  after(() => server.admin.updateRealm('main', { dpop_nonce: 'off' }))

  test('T-DP-08 RFC 9449 §8 – 400 at the token endpoint and PAR, with a nonce that then is accepted', async () => {
    const key = createProofKey()
    for (const path of ['/par', '/token']) {
      const form = { client_id: client.client_id, grant_type: 'authorization_code', code: 'x' }
      const first = await post(path, form, key.prove({ url: server.url(path), iat: now() }))
      assert.deepEqual([first.status, first.json().error], [400, 'use_dpop_nonce'])
      const nonce = first.headers['dpop-nonce']
      assert.match(String(nonce), /^[A-Za-z0-9_-]{43}$/)
      const second = await post(path, form, key.prove({ url: server.url(path), iat: now(), claims: { nonce } }))
      assert.notEqual(second.json().error, 'use_dpop_nonce')
    }
  })
})

test('RFC 9449 §8.2 – right answers carry the nonce for the next request', async () => {
  await server.admin.updateRealm('main', { dpop_nonce: 'optional' })
  try {
    const key = createProofKey()
    const { challenge } = createPkce()
    const form = server.oauth.authorizationParameters(client, challenge)
    const pushed = await post('/par', form, key.prove({ url: server.url('/par'), iat: now() }))
    const { access_token: token } = await boundTokens(key)
    const dpop = key.prove({ url: server.url('/userinfo'), method: 'GET', accessToken: token, iat: now() })
    const told = await server.request('GET', '/userinfo', { headers: { authorization: `DPoP ${token}`, dpop } })
    assert.deepEqual([pushed.status, told.status], [201, 200])
    for (const { headers } of [pushed, told]) assert.match(String(headers['dpop-nonce']), /^[A-Za-z0-9_-]{43}$/)
  } finally {
    await server.admin.updateRealm('main', { dpop_nonce: 'off' })
  }
})

test('RFC 9449 §8.3 – a page of a client may read the nonce', async (t) => {
  const origin = 'https://page.example'
  const other = await startServer({ config: { server_params: { cors_allowed_origins: [origin] } } })
  t.after(() => other.close())
  const answer = await other.request('POST', '/token', { form: {}, headers: { origin } })
  assert.equal(answer.headers['access-control-allow-origin'], origin)
  assert.match(answer.headers['access-control-expose-headers'] ?? '', /dpop-nonce/i)
})

test('RFC 9449 §5.1 – discovery names the algorithms', async () => {
  const metadata = (await server.request('GET', '/.well-known/openid-configuration')).json()
  assert.deepEqual(metadata.dpop_signing_alg_values_supported, ['ES256', 'PS256', 'EdDSA'])
})
