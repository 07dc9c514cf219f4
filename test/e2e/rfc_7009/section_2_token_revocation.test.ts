import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import { clientAuthentication, type Person, type TestClient, type TokenAnswer } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let stranger: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
  stranger = await stage.addClient()
})
after(() => stage.server.close())

const revoke = (token: string, by = client, extra: Record<string, string> = {}): Promise<Answer> => {
  const { headers, form } = clientAuthentication(by)
  return stage.server.request('POST', '/revoke', { headers, form: { ...form, token, ...extra } })
}

const tokensOf = (by = client): Promise<TokenAnswer> =>
  stage.server.oauth.obtainTokens(by, alice, { extra: { scope: 'openid offline_access' } })

const userinfo = async (token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` }
  return (await stage.server.request('GET', '/userinfo', { headers })).status
}

const revocations = async () => {
  const { items } = await stage.realm.audit.list({ limit: 500 })
  return items.filter((event) => event.type === 'token.revoked')
}

describe('RFC 7009 §2.1 – a revocation is refused', () => {
  test('N-70-01 without client authentication', async () => {
    const answer = await stage.server.request('POST', '/revoke', { form: { token: 'x' } })
    assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
  })

  test('T-CA-11 with the client_id of a confidential client alone', async () => {
    const form = { token: 'x', client_id: client.client_id }
    assert.equal((await stage.server.request('POST', '/revoke', { form })).status, 401)
  })

  test('without a token', async () => {
    assert.deepEqual((await revoke('')).json().error, 'invalid_request')
  })
})

test('T-RT-06 N-70-01 RFC 7009 §2.1 – to another client nothing happens and nothing is told, but it is recorded', async () => {
  const tokens = await tokensOf()
  const before = (await revocations()).length
  for (const token of [tokens.refresh_token, tokens.access_token]) {
    const answer = await revoke(token, stranger)
    assert.deepEqual([answer.status, answer.body], [200, ''])
  }
  assert.equal(await userinfo(tokens.access_token), 200)
  const recorded = (await revocations()).slice(0, (await revocations()).length - before)
  assert.deepEqual(
    recorded.map((event) => [event.outcome, event.principal]),
    [
      ['failure', stranger.client_id],
      ['failure', stranger.client_id],
    ],
  )
  assert.equal((await stage.server.oauth.refresh(client, tokens.refresh_token)).status, 200)
})

test('RFC 7009 §2.2 – a token that nobody issued is answered like any other', async () => {
  const { access_token: token } = await tokensOf()
  for (const unknown of ['x', 'x'.repeat(43), 'a.b.c', `${token}x`, '\u{1f511}', 'x'.repeat(20_000)]) {
    const answer = await revoke(unknown)
    assert.deepEqual([answer.status, answer.body], [200, ''])
  }
})

test('RFC 7009 §2.1 – a refresh token takes the access tokens of its authorization with it', async () => {
  const tokens = await tokensOf()
  const later = (await stage.server.oauth.refresh(client, tokens.refresh_token)).json<TokenAnswer>()
  const untouched = await tokensOf()
  assert.equal((await revoke(later.refresh_token, client, { token_type_hint: 'access_token' })).status, 200)
  for (const token of [tokens.access_token, later.access_token]) assert.equal(await userinfo(token), 401)
  const answer = await stage.server.oauth.refresh(client, later.refresh_token)
  assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant'])
  assert.equal(await userinfo(untouched.access_token), 200)
  assert.equal((await revoke(later.refresh_token)).status, 200)
})

test('RFC 7009 §2.1 – a refresh token that was replaced still ends its family', async () => {
  const tokens = await tokensOf()
  const later = (await stage.server.oauth.refresh(client, tokens.refresh_token)).json<TokenAnswer>()
  assert.equal((await revoke(tokens.refresh_token)).status, 200)
  assert.equal((await stage.server.oauth.refresh(client, later.refresh_token)).status, 400)
})

test('RFC 7009 §2.1 – an access token goes alone', async () => {
  const tokens = await tokensOf()
  assert.equal((await revoke(tokens.access_token, client, { token_type_hint: 'nonsense' })).status, 200)
  assert.equal(await userinfo(tokens.access_token), 401)
  const answer = await stage.server.oauth.refresh(client, tokens.refresh_token)
  assert.equal(answer.status, 200)
  assert.equal(await userinfo(answer.json<TokenAnswer>().access_token), 200)
})

test('RFC 7009 §2.1 – a public client revokes its own tokens', async () => {
  const own = await stage.addClient({ token_endpoint_auth_method: 'none' })
  const tokens = await tokensOf(own)
  assert.equal((await revoke(tokens.refresh_token, own)).status, 200)
  assert.equal(await userinfo(tokens.access_token), 401)
})
