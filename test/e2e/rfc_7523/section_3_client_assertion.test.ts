import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const METADATA = { token_endpoint_auth_method: 'private_key_jwt', scope: 'openid jobs introspect' } as const

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }

let stage: AuthorizationStage
let client: TestClient
let count = 0

before(async () => {
  stage = await openAuthorizationStage()
  const grants = ['authorization_code', 'client_credentials'] as const
  client = await stage.addClient({ ...METADATA, grant_types: [...grants], jwks })
})
after(() => stage.server.close())

const assertionWith = (changes: Record<string, unknown> = {}): string => {
  count += 1
  const iat = Math.floor(Date.now() / 1000)
  const { client_id: id } = client
  const claims = { iss: id, sub: id, aud: stage.server.issuer, jti: `jti-${count}`, iat, exp: iat + 60, ...changes }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claims)
}

const present = (path: string, assertion: string, form: Record<string, string>): Promise<Answer> =>
  stage.server.request('POST', path, { form: { client_assertion_type: TYPE, client_assertion: assertion, ...form } })

const forToken = (assertion: string): Promise<Answer> =>
  present('/token', assertion, { grant_type: 'client_credentials', scope: 'jobs' })

describe('RFC 7523 §3 – an assertion is refused', () => {
  test('T-CA-01 N-75-01 for the address of an endpoint, or in a list', async () => {
    const { issuer } = stage.server
    for (const aud of [`${issuer}/token`, `${issuer}/par`, [issuer], `${issuer}/`, `${issuer}/realms/main`]) {
      const answer = await forToken(assertionWith({ aud }))
      assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
      assert.equal(answer.headers['www-authenticate'], undefined)
    }
  })

  test('T-CA-02 when it was used before, at whichever endpoint', async () => {
    const assertion = assertionWith()
    assert.equal((await forToken(assertion)).status, 200)
    const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }
    const request = { ...pkce, response_type: 'code', redirect_uri: client.redirect_uris[0] ?? '', scope: 'openid' }
    const answers = [
      await forToken(assertion),
      await present('/par', assertion, request),
      await present('/introspect', assertion, { token: 'x' }),
      await present('/revoke', assertion, { token: 'x' }),
    ]
    for (const answer of answers) assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
  })
})

test('T-CA-02 RFC 7523 §3 – of twenty requests at once with one assertion exactly one succeeds', async () => {
  const other = await stage.addClient({ ...METADATA, grant_types: ['client_credentials'], jwks })
  const assertion = assertionWith({ iss: other.client_id, sub: other.client_id })
  const answers = await Promise.all(Array.from({ length: 20 }, () => forToken(assertion)))
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
  assert.ok(answers.every((answer) => [200, 401, 429].includes(answer.status)))
})

test('RFC 7523 §3 – the issuer as audience is accepted at every endpoint that clients call', async () => {
  assert.equal((await forToken(assertionWith())).status, 200)
  assert.equal((await present('/introspect', assertionWith(), { token: 'x' })).status, 200)
  assert.equal((await present('/revoke', assertionWith(), { token: 'x' })).status, 200)
})

test('RFC 7591 §2 – the keys are fetched from the jwks_uri of the client', async (t) => {
  let requests = 0
  const host = createServer((_request, response) => {
    requests += 1
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks))
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  t.after(() => host.close())
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks.json`
  const other = await stage.addClient({ ...METADATA, grant_types: ['client_credentials'], jwks_uri: url })
  for (let round = 0; round < 3; round++) {
    const answer = await forToken(assertionWith({ iss: other.client_id, sub: other.client_id }))
    assert.equal(answer.status, 200, answer.body)
  }
  assert.equal(requests, 1)
})
