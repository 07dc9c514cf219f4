/** RFC 9701 – introspection answers as JWTs, verified with the published keys by jose. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import { createEncryptionPair, open } from '../../support/encryption.ts'
import { clientAuthentication, type TestClient } from '../../support/oauth.ts'

const JWT = 'application/token-introspection+jwt'

let stage: AuthorizationStage
let worker: TestClient
let accessToken: string

const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'introspect' }

before(async () => {
  stage = await openAuthorizationStage()
  // Its token is made before the first test of all files.
  worker = await stage.server.admin.createClient({ ...machine, access_token_ttl_secs: 7_200 })
  const answer = await stage.server.oauth.token(worker, { grant_type: 'client_credentials' })
  accessToken = answer.json<{ access_token: string }>().access_token
})
after(() => stage.server.close())

const introspect = (by: TestClient, token: string, accept?: string): Promise<Answer> => {
  const { headers, form } = clientAuthentication(by)
  return stage.server.request('POST', '/introspect', {
    headers: { ...headers, ...(accept === undefined ? {} : { accept }) },
    form: { ...form, token },
  })
}

type Told = { token_introspection: Record<string, unknown> }

const verify = async (jwt: string, audience: string) => {
  const keys = (await stage.server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  const options = { issuer: stage.server.issuer, audience, typ: 'token-introspection+jwt' }
  return await jwtVerify<Told>(jwt, createLocalJWKSet(keys), options)
}

describe('RFC 9701 §4 – who asks for a JWT gets one', () => {
  test('and who does not, or says never, gets JSON', async () => {
    for (const accept of [undefined, 'application/json', '*/*', `${JWT};q=0`]) {
      const answer = await introspect(worker, accessToken, accept)
      assert.match(String(answer.headers['content-type']), /^application\/json/)
      assert.equal(answer.json().active, true)
    }
  })

  test('RFC 9701 §5 – an inactive token: signed, and nothing told of it', async () => {
    const answer = await introspect(worker, 'unknown', JWT)
    assert.equal(answer.status, 200)
    assert.deepEqual((await verify(answer.body, worker.client_id)).payload.token_introspection, { active: false })
  })

  test('RFC 9701 §5 – an active one: typ, iss, aud and iat, and the token apart from them', async () => {
    const answer = await introspect(worker, accessToken, `application/json;q=0.5, ${JWT}`)
    assert.equal(answer.headers['content-type'], JWT)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { payload, protectedHeader } = await verify(answer.body, worker.client_id)
    assert.deepEqual(Object.keys(payload).sort(), ['aud', 'iat', 'iss', 'token_introspection'])
    assert.deepEqual(
      [payload.token_introspection.active, payload.token_introspection.client_id],
      [true, worker.client_id],
    )
    assert.equal(protectedHeader.alg, 'RS256')
  })

  test('RFC 9701 §8.1, T-JW-12 – it passes for no access token', async () => {
    const { body } = await introspect(worker, accessToken, JWT)
    assert.deepEqual((await introspect(worker, body)).json(), { active: false })
  })

  for (const alg of ['ES256', 'PS256', 'EdDSA'] as const)
    test(`RFC 9701 §6 – introspection_signed_response_alg ${alg}`, async () => {
      const caller = await stage.server.admin.createClient({ ...machine, introspection_signed_response_alg: alg })
      const { body } = await introspect(caller, accessToken, JWT)
      assert.equal((await verify(body, caller.client_id)).protectedHeader.alg, alg)
    })

  test('RFC 9701 §6 – encrypted to the key of the caller, signed inside', async () => {
    const pair = createEncryptionPair('P-256', { kid: 'e1' })
    const caller = await stage.server.admin.createClient({
      ...machine,
      jwks: { keys: [pair.jwk] },
      introspection_encrypted_response_alg: 'ECDH-ES',
      introspection_encrypted_response_enc: 'A256GCM',
    })
    const opened = await open((await introspect(caller, accessToken, JWT)).body, pair)
    assert.equal(opened.header.cty, 'JWT')
    assert.equal((await verify(opened.content, caller.client_id)).payload.token_introspection.active, true)
  })

  test('RFC 9701 §7 – the metadata says so', async () => {
    const metadata = (await stage.server.request('GET', '/.well-known/oauth-authorization-server')).json()
    for (const what of ['signing_alg', 'encryption_alg', 'encryption_enc'])
      assert.ok((metadata[`introspection_${what}_values_supported`] as string[]).length > 0, what)
  })
})
