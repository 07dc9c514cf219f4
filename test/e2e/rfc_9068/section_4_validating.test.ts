import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const publishedKeys = async () =>
  createLocalJWKSet((await stage.server.request('GET', '/jwks.json')).json<JSONWebKeySet>())

test('T-JW-12 N-90-01 RFC 9068 §4 – a resource server that follows the rules refuses the ID token and accepts the access token', async () => {
  const tokens = await stage.server.oauth.obtainTokens(client, alice)
  const { issuer } = stage.server
  const rules = { issuer, audience: issuer, typ: 'at+jwt', algorithms: ['ES256'] }
  await assert.rejects(jwtVerify(tokens.id_token, await publishedKeys(), rules))
  const { payload } = await jwtVerify(tokens.access_token, await publishedKeys(), rules)
  for (const name of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'auth_time'])
    assert.ok(name in payload, name)
  assert.equal(payload.sub, alice.id)
})

test('OpenID Connect Core §3.1.3.7 – the ID token verifies with the published keys, and is signed with RS256 by default', async () => {
  const tokens = await stage.server.oauth.obtainTokens(client, alice, { extra: { nonce: 'n-0S6_WzA2Mj' } })
  const rules = { issuer: stage.server.issuer, audience: client.client_id, algorithms: ['RS256'] }
  const { payload } = await jwtVerify(tokens.id_token, await publishedKeys(), rules)
  assert.equal(payload.nonce, 'n-0S6_WzA2Mj')
  assert.equal(payload.sub, alice.id)
})
