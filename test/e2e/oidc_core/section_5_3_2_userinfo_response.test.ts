/** OpenID Connect Core §5.3.2 – the answer of UserInfo in the form that the client is registered for. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { SIGNING_ALGS } from '../../../src/oauth/signing_algs.ts'
import type { Answer } from '../../support/client.ts'
import { createEncryptionPair, type EncryptionPair, open } from '../../support/encryption.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let alice: Person
let pair: EncryptionPair

before(async () => {
  server = await startServer()
  alice = await server.admin.createUser({ username: 'alice', claims: { name: 'Älice', email: 'alice@example.com' } })
  pair = createEncryptionPair('RSA', { kid: 'enc-1', alg: 'RSA-OAEP-256' })
})
after(() => server.close())

const encrypted = { userinfo_encrypted_response_alg: 'RSA-OAEP-256', userinfo_encrypted_response_enc: 'A128GCM' }

const register = (members: Record<string, unknown>): Promise<TestClient> =>
  server.admin.createClient({ consent: 'skip', jwks: { keys: [pair.jwk] }, ...members })

const userinfoOf = async (client: TestClient, extra: Record<string, string> = {}): Promise<Answer> => {
  const tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid profile', ...extra } })
  const authorization = `Bearer ${tokens.access_token}`
  return await server.request('GET', '/userinfo', { headers: { authorization } })
}

const verify = async (jwt: string, client: TestClient) => {
  const jwks = (await server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  return await jwtVerify(jwt, createLocalJWKSet(jwks), { issuer: server.issuer, audience: client.client_id })
}

const isJwt = (answer: Answer): void => {
  assert.equal(answer.status, 200, answer.body)
  assert.match(answer.headers['content-type'] ?? '', /^application\/jwt/)
  assert.equal(answer.headers['cache-control'], 'no-store')
}

describe('OpenID Connect Core §5.3.2 – an answer is never less protected than the client is registered for', () => {
  test('without a key to encrypt to it is an error, and says nothing of the person', async () => {
    const client = await register(encrypted)
    const stored = await server.store.realm('main').clients.find(client.client_id)
    assert.ok(stored)
    const metadata = { ...stored.metadata, jwks: { keys: [{ ...pair.jwk, use: 'sig' }] } }
    await server.store.realm('main').clients.update({ ...stored, metadata })
    server.deps.realms.forget('main')
    const answer = await userinfoOf(client)
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
    assert.doesNotMatch(answer.body, /lice/)
  })

  test('RFC 8725 §3.12 – a signed one is no ID token: it is not taken as a hint', async () => {
    const client = await register({ userinfo_signed_response_alg: 'RS256' })
    const hint = (await userinfoOf(client)).body
    const parameters = server.oauth.authorizationParameters(client, createPkce().challenge, { id_token_hint: hint })
    const answer = await server.request('GET', `/authorize?${new URLSearchParams(parameters)}`)
    assert.match(answer.headers.location ?? '', /error=invalid_request/)
    const leaving = await server.request('GET', `/logout?${new URLSearchParams({ id_token_hint: hint })}`)
    assert.equal(leaving.status, 400)
  })
})

test('T-XS-07 – whichever form it has, no browser takes it for a page or a script', async () => {
  for (const members of [{}, encrypted, { userinfo_signed_response_alg: 'ES256' }]) {
    const { headers } = await userinfoOf(await register(members))
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(headers['content-type'] ?? '', /^application\/(json; charset=utf-8|jwt)$/)
  }
})

test('OpenID Connect Core §5.3.2 – plain JSON for a client that is registered for nothing', async () => {
  const answer = await userinfoOf(await register({}))
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  assert.equal(answer.json().name, 'Älice')
  assert.equal('iss' in answer.json(), false)
})

for (const alg of SIGNING_ALGS) {
  test(`OpenID Connect Core §5.3.2 – signed with ${alg}: with iss and aud, and without anything that makes an ID token`, async () => {
    const client = await register({ userinfo_signed_response_alg: alg })
    const answer = await userinfoOf(client)
    isJwt(answer)
    const { payload, protectedHeader } = await verify(answer.body, client)
    assert.equal(protectedHeader.alg, alg)
    assert.ok(protectedHeader.kid)
    assert.equal(payload.name, 'Älice')
    assert.equal(typeof payload.sub, 'string')
    for (const name of ['exp', 'iat', 'nonce', 'at_hash', 'auth_time']) assert.equal(name in payload, false, name)
  })
}

test('OpenID Connect Core §5.3.2 – encrypted only: the claims themselves are inside', async () => {
  const client = await register(encrypted)
  const answer = await userinfoOf(client)
  isJwt(answer)
  const { header, content } = await open(answer.body, pair)
  assert.deepEqual(header, { alg: 'RSA-OAEP-256', enc: 'A128GCM', typ: 'JWT', kid: 'enc-1' })
  const claims = JSON.parse(content) as Record<string, unknown>
  assert.deepEqual([claims.name, claims.iss, claims.aud], ['Älice', server.issuer, client.client_id])
})

test('OpenID Connect Core §5.3.2 and RFC 7519 §11.2 – signed and encrypted: a signed JWT is inside', async () => {
  const client = await register({ ...encrypted, userinfo_signed_response_alg: 'EdDSA' })
  const answer = await userinfoOf(client)
  isJwt(answer)
  const { header, content } = await open(answer.body, pair)
  assert.equal(header.cty, 'JWT')
  assert.equal(decodeProtectedHeader(content).alg, 'EdDSA')
  assert.equal((await verify(content, client)).payload.name, 'Älice')
})
