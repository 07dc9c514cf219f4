/** JARM §2.2 and §3 – the answer of an authorization request, signed and then encrypted. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import { createEncryptionPair, type EncryptionPair, open } from '../../support/encryption.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let pair: EncryptionPair
let client: TestClient
let browser: Browser

const encrypted = {
  authorization_encrypted_response_alg: 'ECDH-ES+A256KW',
  authorization_encrypted_response_enc: 'A256GCM',
} as const

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  pair = createEncryptionPair('P-256', { kid: 'enc-1' })
  client = await stage.addClient({ ...encrypted, jwks: { keys: [pair.jwk] }, consent: 'skip' })
  browser = await stage.signedInBrowser(alice, client)
})
after(() => stage.server.close())

const ask = (extra: Record<string, string>, by = client): Promise<Answer> =>
  stage.authorize(browser, stage.parametersFor(by, extra))

const openResponse = async (response: string) => {
  const { header, content } = await open(response, pair)
  assert.deepEqual([header.cty, header.kid, header.enc], ['JWT', 'enc-1', 'A256GCM'])
  const jwks = (await stage.server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  const checks = { issuer: stage.server.issuer, audience: client.client_id }
  return (await jwtVerify(content, createLocalJWKSet(jwks), checks)).payload
}

describe('JARM §2.2 – without a key of the client that fits', () => {
  test('neither a code nor an error leaves: the person is told here', async () => {
    const by = await stage.addClient({ ...encrypted, jwks: { keys: [{ ...pair.jwk, use: 'sig' }] }, consent: 'skip' })
    const requests: Record<string, string>[] = [
      { response_mode: 'jwt' },
      { response_mode: 'form_post.jwt' },
      { response_mode: 'jwt', scope: 'root' },
    ]
    for (const extra of requests) {
      const answer = await ask(extra, by)
      assert.equal(answer.status, 400)
      assert.equal(answer.headers.location, undefined)
      assert.doesNotMatch(answer.body, /code=|response=|name="response"/)
      assert.match(answer.body, /no usable key for the encryption/)
    }
  })
})

test('JARM §2.2 – an error and a code, signed and then encrypted', async () => {
  const refused = await openResponse(
    responseOf(await ask({ response_mode: 'jwt', scope: 'root' })).get('response') ?? '',
  )
  assert.equal(refused.error, 'invalid_scope')
  const granted = await openResponse(responseOf(await ask({ response_mode: 'jwt' })).get('response') ?? '')
  assert.equal(granted.state, 'af0ifjsldkj')
  assert.ok(granted.code)
})

test('JARM §2.3.3 – in a form too', async () => {
  const form = readForm((await ask({ response_mode: 'form_post.jwt' })).body)
  assert.ok((await openResponse(form?.fields.response ?? '')).code)
})

test('JARM §2.3 – what is asked for without a JWT comes without one: the request decides', async () => {
  assert.ok(responseOf(await ask({ response_mode: 'query' })).get('code'))
})
