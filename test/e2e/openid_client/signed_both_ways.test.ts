/** Requests that openid-client signs (RFC 9101), with details (RFC 9396) among them, and answers whose signature it judges (JARM). */
import assert from 'node:assert/strict'
import type { webcrypto } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import type { AuthorizationResponse, Person, TestClient } from '../../support/oauth.ts'
import { discover } from '../../support/openid_client.ts'
import { ACCOUNTS, PAYMENT, TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Alg = 'ES256' | 'PS256' | 'EdDSA' | 'RS256'

const RSA = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }
const ALGORITHMS: Record<Alg, webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: { name: 'RSA-PSS', ...RSA },
  EdDSA: { name: 'Ed25519', namedCurve: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', ...RSA },
}

let server: TestServer
let person: Person

before(async () => {
  server = await startServer()
  person = await server.admin.createUser({ username: 'carol' })
  await server.admin.updateRealm('main', { authorization_details_types: TYPES })
})
after(() => server.close())

type Way = { alg: Alg; pushed: boolean; signedResponse: boolean }

const partyFor = async ({ alg, pushed, signedResponse }: Way) => {
  const keys = await crypto.subtle.generateKey(ALGORITHMS[alg], true, ['sign', 'verify'])
  const jwk = { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'rp', alg, use: 'sig' }
  const registered: TestClient = await server.admin.createClient({
    jwks: { keys: [jwk] },
    require_signed_request_object: true,
    request_object_signing_alg: alg,
    require_pushed_authorization_requests: pushed,
    authorization_signed_response_alg: alg,
    authorization_details_types: TYPE_NAMES,
  })
  const authentication = client.ClientSecretBasic(registered.client_secret)
  const metadata = signedResponse ? { authorization_signed_response_alg: alg } : {}
  const configuration = await discover({ target: server, issuer: server.issuer, registered, authentication, metadata })
  if (signedResponse) client.useJwtResponseMode(configuration)
  client.enableNonRepudiationChecks(configuration)
  return { configuration, registered, signingKey: { key: keys.privateKey, kid: 'rp' } }
}

const signIn = async (way: Way, more: Record<string, string> = {}) => {
  const { configuration, registered, signingKey } = await partyFor(way)
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
    max_age: '600',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(way.signedResponse && { response_mode: 'jwt' }),
    ...more,
  }
  const signed = await client.buildAuthorizationUrlWithJAR(configuration, parameters, signingKey)
  const url = way.pushed ? await client.buildAuthorizationUrlWithPAR(configuration, signed.searchParams) : signed
  const response = await server.oauth.visit(server.browser(), registered, url.href, person)
  assert.ok('parameters' in response, JSON.stringify(response))
  const { location } = response as AuthorizationResponse
  const tokens = await client.authorizationCodeGrant(configuration, new URL(location), { ...checks, maxAge: 600 })
  assert.equal(tokens.claims()?.aud, registered.client_id)
  return { tokens, configuration }
}

describe('RFC 9101 §5 JARM §2.4 – openid-client signs in', () => {
  for (const alg of ['ES256', 'PS256', 'EdDSA', 'RS256'] as const) {
    test(`by a request signed with ${alg}`, async () => {
      await signIn({ alg, pushed: false, signedResponse: false })
    })

    test(`by a pushed request signed with ${alg}, and an answer signed with it`, async () => {
      await signIn({ alg, pushed: true, signedResponse: true })
    })
  }
})

test('RFC 9396 §3, §6 and §9.2 – openid-client asks in detail, signed and pushed, and for less at a refresh', async () => {
  const details = [PAYMENT, ACCOUNTS]
  const way = { alg: 'ES256', pushed: true, signedResponse: true } as const
  const { tokens, configuration } = await signIn(way, { authorization_details: JSON.stringify(details) })
  assert.deepEqual(tokens.authorization_details, details)
  const less = [{ ...ACCOUNTS, actions: ['list'] }]
  const extra = { authorization_details: JSON.stringify(less) }
  const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '', extra)
  assert.deepEqual(refreshed.authorization_details, less)
  const told = await client.tokenIntrospection(configuration, refreshed.access_token)
  assert.deepEqual(told.authorization_details, less)
})
