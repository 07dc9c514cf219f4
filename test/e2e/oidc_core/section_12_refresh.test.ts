import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'
import { jsonPart } from '../../support/tokens.ts'

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => Date.now() + ahead } })
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const tokensOf = (): Promise<TokenAnswer> =>
  stage.server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access', nonce: 'n-1' } })

test('T-RT-04 OAuth 2.1 §4.3.1 – a replaced token ends the family, its access tokens included', async () => {
  const tokens = await tokensOf()
  const second = (await stage.server.oauth.refresh(client, tokens.refresh_token)).json<TokenAnswer>()
  const third = (await stage.server.oauth.refresh(client, second.refresh_token)).json<TokenAnswer>()
  for (const token of [tokens.refresh_token, third.refresh_token]) {
    const answer = await stage.server.oauth.refresh(client, token)
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant'])
  }
  for (const { access_token: token } of [tokens, second, third]) {
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await stage.server.request('GET', '/userinfo', { headers })).status, 401)
  }
})

test('T-RT-08 RFC 9700 §4.14.2 – a password that the administrator changes ends what it gave, at once', async () => {
  const tokens = await tokensOf()
  const { users } = stage.realm
  const user = await users.find(alice.id)
  assert.ok(user)
  const passwordHash = await stage.server.deps.passwordHashing.hash('another passphrase of the tests 8')
  ahead += 1_000
  await users.replacePassword(user, { passwordHash, passwordChangedAt: Date.now() + ahead, changePassword: false })
  const answer = await stage.server.oauth.refresh(client, tokens.refresh_token)
  assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant'])
  const now = await users.find(alice.id)
  assert.ok(now && user.passwordHash)
  await users.replacePassword(now, { passwordHash: user.passwordHash, passwordChangedAt: 0, changePassword: false })
})

test('OpenID Connect Core §12.2 – a refreshed ID token is of the same person, client and sign-in', async () => {
  const tokens = await tokensOf()
  ahead += 2_000
  const answer = await stage.server.oauth.refresh(client, tokens.refresh_token)
  const first = jsonPart(tokens.id_token, 1)
  const second = jsonPart(answer.json<TokenAnswer>().id_token, 1)
  for (const name of ['iss', 'sub', 'aud', 'auth_time', 'nonce']) assert.deepEqual(second[name], first[name], name)
  assert.ok(Number(second.iat) > Number(first.iat))
})
