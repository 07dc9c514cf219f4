/** OpenID Connect Core §10.2 and §16.14 – ID tokens that only their client can read, or none at all; openid-client is the judge. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import * as openidClient from 'openid-client'
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS } from '../../../src/oauth/encryption_algs.ts'
import { createEncryptionPair, type EncryptionPair, kindsFor, open, startPublisher } from '../../support/encryption.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { discover, signInWith } from '../../support/openid_client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const RETURN_TO = 'https://client.example/signed-out'

let server: TestServer
let alice: Person
let pair: EncryptionPair
let client: TestClient

const encrypted = { id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM' }

before(async () => {
  server = await startServer()
  alice = await server.admin.createUser({ username: 'alice' })
  pair = createEncryptionPair('P-256', { kid: 'enc-1' })
  client = await server.admin.createClient({
    ...encrypted,
    jwks: { keys: [pair.jwk] },
    consent: 'skip',
    post_logout_redirect_uris: [RETURN_TO],
  })
})
after(() => server.close())

const verifyInner = async (jwt: string, by = client) => {
  const jwks = (await server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  return await jwtVerify(jwt, createLocalJWKSet(jwks), { issuer: server.issuer, audience: by.client_id })
}

describe('OpenID Connect Core §16.14 and §10.2 – a client whose keys are not to be had gets no ID token', () => {
  test('and keeps its code and its refresh token: when the keys are back, both are good', async () => {
    const publisher = await startPublisher(undefined)
    try {
      const by = await server.admin.createClient({ ...encrypted, jwks_uri: publisher.url, consent: 'skip' })
      const { verifier, challenge } = createPkce()
      const parameters = server.oauth.authorizationParameters(by, challenge)
      const code = await server.oauth.obtainCode(server.browser(), by, parameters, alice)
      const refused = await server.oauth.redeem(by, code, verifier)
      assert.deepEqual([refused.status, refused.json().error], [400, 'invalid_request'])
      assert.deepEqual(Object.keys(refused.json()).sort(), ['error', 'error_description'])
      publisher.publish({ keys: [pair.jwk] })
      // The address is not asked again for half a minute; a registration that names another is.
      await server.admin.request('PUT', `/admin/realm/main/client/${by.client_id}`, {
        json: { ...encrypted, redirect_uris: by.redirect_uris, jwks_uri: `${publisher.url}?again` },
      })
      const answer = await server.oauth.redeem(by, code, verifier)
      assert.equal(answer.status, 200, answer.body)
      const { content } = await open(answer.json<{ id_token: string }>().id_token, pair)
      assert.equal((await verifyInner(content, by)).payload.aud, by.client_id)
      assert.equal(publisher.requests(), 2)
    } finally {
      await publisher.close()
    }
  })

  test('not even one that was encrypted to somebody else', async () => {
    const { id_token: token } = await server.oauth.obtainTokens(client, alice)
    await assert.rejects(open(token, createEncryptionPair('P-256')))
    assert.throws(() => decodeJwt(token))
  })
})

test('OpenID Connect Core §2 and §3.1.3.3 – the ID token is signed and then encrypted, at the code and at every refresh', async () => {
  const tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid', nonce: 'the-nonce' } })
  const refreshed = (await server.oauth.refresh(client, tokens.refresh_token)).json<{ id_token: string }>()
  for (const jwe of [tokens.id_token, refreshed.id_token]) {
    const { header, content } = await open(jwe, pair)
    // The key by its name, so that clients with several find it.
    const { epk, ...rest } = header
    assert.ok(epk)
    assert.deepEqual(rest, { alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT', kid: 'enc-1' })
    assert.equal(decodeProtectedHeader(content).typ, 'JWT')
    assert.equal((await verifyInner(content)).payload.nonce, 'the-nonce')
  }
  // Of the access token nothing was said.
  assert.equal(tokens.access_token.split('.').length, 3)
})

describe('OpenID Connect Core §3.1.3.7 – openid-client opens, verifies and accepts', () => {
  for (const alg of ENCRYPTION_ALGS) {
    test(`an ID token, a UserInfo answer and a response to the request by ${alg}`, async () => {
      const [kind = ''] = kindsFor(alg)
      const own = createEncryptionPair(kind, { kid: 'one' })
      for (const enc of ENCRYPTION_ENCS) {
        const members = Object.fromEntries(
          ['id_token', 'userinfo', 'authorization'].flatMap((response) => [
            [`${response}_encrypted_response_alg`, alg],
            [`${response}_encrypted_response_enc`, enc],
          ]),
        )
        const registered = await server.admin.createClient({
          ...members,
          userinfo_signed_response_alg: 'ES256',
          jwks: { keys: [own.jwk] },
          consent: 'skip',
        })
        const configuration = await discover({
          target: server,
          issuer: server.issuer,
          registered,
          authentication: openidClient.ClientSecretBasic(registered.client_secret),
          metadata: { userinfo_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' },
        })
        const privateKey = await importPrivate(own, alg)
        openidClient.enableDecryptingResponses(configuration, [enc], { key: privateKey, alg, kid: 'one' })
        openidClient.enableNonRepudiationChecks(configuration)
        openidClient.useJwtResponseMode(configuration)
        const tokens = await signInWith({
          configuration,
          registered,
          oauth: server.oauth,
          browser: server.browser(),
          person: alice,
          scope: 'openid profile',
        })
        const subject = tokens.claims()?.sub ?? ''
        const told = await openidClient.fetchUserInfo(configuration, tokens.access_token, subject)
        assert.equal(told.preferred_username, 'alice')
      }
    })
  }
})

describe('OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2 – an encrypted ID token as a hint', () => {
  test('is refused, with a word of what to do', async () => {
    const { id_token: hint } = await server.oauth.obtainTokens(client, alice)
    const answer = await server.request('GET', `/logout?${new URLSearchParams({ id_token_hint: hint })}`)
    assert.equal(answer.status, 400)
    assert.match(answer.body, /The id_token_hint is encrypted: send the ID token inside of it/)
  })

  test('is taken when the client has decrypted it', async () => {
    const browser = server.browser()
    const { id_token: jwe } = await server.oauth.obtainTokens(client, alice, { browser })
    const { content: hint } = await open(jwe, pair)
    const silent = server.oauth.authorizationParameters(client, createPkce().challenge, {
      prompt: 'none',
      id_token_hint: hint,
    })
    assert.ok(await server.oauth.obtainCode(browser, client, silent, alice))
    const leaving = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: RETURN_TO })
    assert.equal((await browser.request('GET', `/logout?${leaving}`)).headers.location, RETURN_TO)
  })
})

/** The private half as WebCrypto has it, for the algorithm. */
const importPrivate = async ({ privateKey }: EncryptionPair, alg: string) => {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return alg === 'RSA-OAEP-256'
    ? await crypto.subtle.importKey('pkcs8', der, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['decrypt'])
    : await crypto.subtle.importKey('pkcs8', der, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
}
