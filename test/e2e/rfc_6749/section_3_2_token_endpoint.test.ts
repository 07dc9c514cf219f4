import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let machine: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
  machine = await stage.addClient({ grant_types: ['client_credentials'], scope: 'reports jobs' })
})
after(() => stage.server.close())

const refused = (answer: Answer, status: number, code: string): void => {
  assert.deepEqual([answer.status, answer.json().error], [status, code])
  // RFC 6749 §5.2 – and nothing but the characters allowed there.
  assert.match(String(answer.json().error_description), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
}

const post = (path: string, form: Record<string, string> | [string, string][], by = machine): Promise<Answer> =>
  stage.server.request('POST', path, { form, headers: clientAuthentication(by).headers })

describe('N-21-10 RFC 6749 §3.2 – the token endpoint refuses', () => {
  test('every method but POST, and names it', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await stage.server.request(method, '/token?grant_type=client_credentials', {
        headers: clientAuthentication(machine).headers,
      })
      assert.equal(answer.status, 405)
      assert.equal(answer.headers.allow, 'POST')
    }
  })

  test('a body that is no form', async () => {
    const { headers } = clientAuthentication(machine)
    const json = { grant_type: 'client_credentials' }
    assert.equal((await stage.server.request('POST', '/token', { json, headers })).status, 415)
    const text = { ...headers, 'content-type': 'text/plain' }
    const answer = await stage.server.request('POST', '/token', {
      body: 'grant_type=client_credentials',
      headers: text,
    })
    assert.equal(answer.status, 415)
  })

  test('T-IN-05 a repeated parameter', async () => {
    const pairs: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['scope', 'jobs'],
      ['scope', 'reports'],
    ]
    refused(await post('/token', pairs), 400, 'invalid_request')
  })

  test('an empty grant_type as if it were omitted', async () => {
    refused(await post('/token', { grant_type: '', scope: 'jobs' }), 400, 'invalid_request')
  })

  test('N-21-08 credentials in the URL', async () => {
    const secret = await stage.addClient({
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
    })
    const query = new URLSearchParams({ client_id: secret.client_id, client_secret: secret.client_secret ?? '' })
    const answer = await stage.server.request('POST', `/token?${query}`, { form: { grant_type: 'client_credentials' } })
    refused(answer, 401, 'invalid_client')
  })

  test('T-CA-06 N-21-12 a wrong secret in the header, with a challenge', async () => {
    const answer = await post('/token', { grant_type: 'client_credentials' }, { ...machine, client_secret: 'wrong' })
    refused(answer, 401, 'invalid_client')
    assert.equal(answer.headers['www-authenticate'], `Basic realm="${stage.server.issuer}"`)
  })

  test('T-CA-06 malformed headers, and never fails', async () => {
    for (const authorization of [
      'Basic',
      'Basic x',
      'Basic ====',
      'Bearer abc',
      `Basic ${'x'.repeat(8_000)}`,
      'x',
      'Basic Og==',
    ]) {
      const form = { grant_type: 'client_credentials' }
      const answer = await stage.server.request('POST', '/token', { form, headers: { authorization } })
      assert.ok(answer.status === 401 || answer.status === 429, `${answer.status} ${authorization.slice(0, 20)}`)
    }
  })

  test('RFC 6749 §4.1.3 a code with the verifier of another request, and takes it with its own', async () => {
    const { verifier, challenge } = createPkce()
    const parameters = stage.server.oauth.authorizationParameters(client, challenge)
    const code = await stage.server.oauth.obtainCode(stage.server.browser(), client, parameters, alice)
    refused(await stage.server.oauth.redeem(client, code, createPkce().verifier), 400, 'invalid_grant')
    assert.equal((await stage.server.oauth.redeem(client, code, verifier)).status, 200)
    refused(await stage.server.oauth.redeem(client, code, verifier), 400, 'invalid_grant')
  })
})

test('N-21-11 RFC 6749 §5.1 – an answer with tokens is JSON that is stored nowhere', async () => {
  const answer = await post('/token', { grant_type: 'client_credentials', foobar: 'extra' })
  assert.equal(answer.status, 200)
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const { access_token: token, ...rest } = answer.json()
  assert.match(String(token), /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 900, scope: 'reports jobs' })
})

test('RFC 6749 §6 – a code flow and its refresh, with the same tokens no two times', async () => {
  const first = await stage.server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access' } })
  const answer = await stage.server.oauth.refresh(client, first.refresh_token)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const second = answer.json<typeof first>()
  assert.equal(second.scope, 'openid offline_access')
  for (const name of ['access_token', 'refresh_token', 'id_token'] as const) assert.notEqual(second[name], first[name])
})

test('T-LG-02 RFC 6749 §5.2 – a refused request is logged with its error and its client, and no secret', async () => {
  stage.server.logs.length = 0
  await post('/token', { grant_type: 'refresh_token', refresh_token: 'a-token-that-nobody-may-see' }, client)
  await post('/token', { grant_type: 'client_credentials' })
  const lines = stage.server.logs.join('')
  assert.match(lines, /"error":"invalid_grant"/)
  assert.ok(lines.includes(`"client_id":"${machine.client_id}"`))
  assert.equal(lines.includes('a-token-that-nobody-may-see'), false)
  assert.equal(lines.includes(machine.client_secret ?? ''), false)
})
