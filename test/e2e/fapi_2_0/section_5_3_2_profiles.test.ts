/** FAPI 2.0 Security Profile and Message Signing – a whole sign-in by openid-client, and what such a client may not do. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import type { AuthorizationResponse, Person, TestClient } from '../../support/oauth.ts'
import { discover } from '../../support/openid_client.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { jsonPart, publicJwkOf, signAny } from '../../support/tokens.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
// Without alg, so that nothing but the profile keeps RS256 away.
const jwks = { keys: [publicJwkOf(ec, { kid: 'ec', use: 'sig' }), publicJwkOf(rsa, { kid: 'rsa', use: 'sig' })] }

const RULES = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks,
  dpop_bound_access_tokens: true,
  require_pushed_authorization_requests: true,
  id_token_signed_response_alg: 'ES256',
  scope: 'openid email',
}
const SIGNED = { ...RULES, require_signed_request_object: true }

let server: TestServer
let person: Person

before(async () => {
  server = await startServer()
  person = await server.admin.createUser({ username: 'carol' })
})
after(() => server.close())

const now = (): number => Math.floor(server.deps.clock.now() / 1000)

const assertionWith = (by: TestClient, alg: 'ES256' | 'RS256'): string => {
  const claims = { iss: by.client_id, sub: by.client_id, aud: server.issuer, jti: `${Math.random()}`, exp: now() + 60 }
  return alg === 'ES256'
    ? signAny('ES256', ec.privateKey, { alg, kid: 'ec' }, claims)
    : signAny('RS256', rsa.privateKey, { alg, kid: 'rsa' }, claims)
}

const push = async (by: TestClient, form: Record<string, string>, alg: 'ES256' | 'RS256' = 'ES256') => {
  const answer = await server.request('POST', '/par', {
    form: {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertionWith(by, alg),
      ...form,
    },
  })
  return { status: answer.status, ...answer.json<{ error?: string; request_uri?: string }>() }
}

const plainFor = (by: TestClient): Record<string, string> =>
  server.oauth.authorizationParameters(by, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')

const objectFor = (by: TestClient, alg: 'PS256' | 'RS256'): string => {
  const times = { nbf: now(), exp: now() + 60 }
  const claims = { ...plainFor(by), iss: by.client_id, aud: server.issuer, ...times }
  return signAny(alg, rsa.privateKey, { alg, kid: 'rsa' }, claims)
}

describe('FAPI 2.0 §5.3.2.1 – refused', () => {
  test('FAPI 2.0 §5.3.2.2 – a request that was not pushed', async () => {
    const by = await server.admin.createClient({ ...RULES, profile: 'fapi2_security' })
    const answer = await server.oauth.authorize(server.browser(), by, plainFor(by), person)
    assert.ok('parameters' in answer)
    assert.equal(answer.parameters.get('error'), 'invalid_request')
  })

  test('FAPI 2.0 §5.4.1 – an assertion and a request object by RS256', async () => {
    const by = await server.admin.createClient({ ...SIGNED, profile: 'fapi2_message_signing' })
    assert.deepEqual((await push(by, { request: objectFor(by, 'PS256') }, 'RS256')).error, 'invalid_client')
    assert.equal((await push(by, { request: objectFor(by, 'RS256') })).error, 'invalid_request_object')
    assert.equal((await push(by, { request: objectFor(by, 'PS256') })).status, 201)
    const other = await server.admin.createClient(RULES)
    assert.equal((await push(other, { request: objectFor(other, 'RS256') }, 'RS256')).status, 201)
  })

  test('FAPI 2.0 Message Signing §5.3.1 – a request that is not signed', async () => {
    const by = await server.admin.createClient({ ...SIGNED, profile: 'fapi2_message_signing' })
    const refused = await push(by, plainFor(by))
    assert.deepEqual([refused.status, refused.error], [400, 'invalid_request'])
  })

  test('FAPI 2.0 §5.3.2.1 – a client that the realm was opened to before it had a profile', async () => {
    const lax = await server.admin.createClient({ scope: 'openid' })
    const good = await server.admin.createClient(RULES)
    await server.admin.updateRealm('main', { profile: 'fapi2_security' })
    try {
      const answer = await server.oauth.authorize(server.browser(), lax, plainFor(lax), person)
      assert.ok('parameters' in answer)
      assert.equal(answer.parameters.get('error'), 'unauthorized_client')
      const token = await server.oauth.token(lax, { grant_type: 'refresh_token', refresh_token: 'x' })
      assert.equal(token.json<{ error: string }>().error, 'invalid_client')
      assert.equal((await push(good, plainFor(good))).status, 201)
    } finally {
      await server.admin.updateRealm('main', {})
    }
  })
})

test('FAPI 2.0 Message Signing §5.3.1 FAPI 2.0 §5.3.2.2 – openid-client signs in by PAR, JAR, JARM and DPoP', async () => {
  const registered = await server.admin.createClient({ ...SIGNED, profile: 'fapi2_message_signing' })
  const importKey = (usage: 'sign'): Promise<CryptoKey> =>
    crypto.subtle.importKey(
      'jwk',
      ec.privateKey.export({ format: 'jwk' }),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      [usage],
    )
  const signingKey = { key: await importKey('sign'), kid: 'ec' }
  const configuration = await discover({
    target: server,
    issuer: server.issuer,
    registered,
    authentication: client.PrivateKeyJwt(signingKey),
    metadata: { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' },
  })
  client.useJwtResponseMode(configuration)
  const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'))
  const verifier = client.randomPKCECodeVerifier()
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  }
  const parameters = {
    redirect_uri: registered.redirect_uris[0] ?? '',
    scope: 'openid email',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    response_mode: 'jwt',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const signed = await client.buildAuthorizationUrlWithJAR(configuration, parameters, signingKey)
  const url = await client.buildAuthorizationUrlWithPAR(configuration, signed.searchParams, { DPoP })
  const response = await server.oauth.visit(server.browser(), registered, url.href, person)
  assert.ok('parameters' in response, JSON.stringify(response))
  const { location } = response as AuthorizationResponse
  const tokens = await client.authorizationCodeGrant(configuration, new URL(location), checks, undefined, { DPoP })
  assert.equal(tokens.token_type.toLowerCase(), 'dpop')
  assert.ok(jsonPart(tokens.access_token, 1).cnf)
  const info = await client.fetchUserInfo(configuration, tokens.access_token, tokens.claims()?.sub ?? '', { DPoP })
  assert.equal(info.sub, tokens.claims()?.sub)
})
