import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import { clientAuthentication, type Person, type TestClient, type TokenAnswer } from '../../support/oauth.ts'

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient
let stranger: TestClient
let resource: TestClient

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => Date.now() + ahead } })
  alice = await stage.addUser('alice')
  client = await stage.addClient({ grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] })
  stranger = await stage.addClient({ scope: 'openid introspection' })
  resource = await stage.addClient({ scope: 'introspect' })
})
after(() => stage.server.close())

const introspect = (token: string, by = client, extra: Record<string, string> = {}): Promise<Answer> => {
  const { headers, form } = clientAuthentication(by)
  return stage.server.request('POST', '/introspect', { headers, form: { ...form, token, ...extra } })
}

const tokensOf = (): Promise<TokenAnswer> =>
  stage.server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access' } })

const inactive = (answer: Answer): void => {
  assert.deepEqual([answer.status, answer.body], [200, '{"active":false}'])
}

describe('RFC 7662 §2.1 – introspection is refused', () => {
  test('N-76-01 without client authentication', async () => {
    const answer = await stage.server.request('POST', '/introspect', { form: { token: 'x' } })
    assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
  })

  test('T-CA-11 to a public client', async () => {
    const open = await stage.addClient({ token_endpoint_auth_method: 'none' })
    const answer = await introspect('x', open)
    assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
  })

  test('N-76-01 by GET, with the token in the URL', async () => {
    const { headers } = clientAuthentication(client)
    assert.equal((await stage.server.request('GET', '/introspect?token=x', { headers })).status, 405)
  })

  test('without a token', async () => {
    assert.equal((await introspect('')).json().error, 'invalid_request')
  })
})

describe('N-76-01 RFC 7662 §2.2 and §4 – a token is inactive, and nothing else is said', () => {
  test('when nobody issued it', async () => {
    for (const token of ['x', 'x'.repeat(43), 'a.b.c', '.', 'x'.repeat(20_000)]) inactive(await introspect(token))
  })

  test('T-AD-12 when it was issued to another client', async () => {
    const tokens = await tokensOf()
    inactive(await introspect(tokens.access_token, stranger))
    inactive(await introspect(tokens.refresh_token, stranger))
  })

  test('T-JW-12 when it is an ID token', async () => {
    inactive(await introspect((await tokensOf()).id_token))
  })

  test('when it was replaced or revoked', async () => {
    const tokens = await tokensOf()
    const later = (await stage.server.oauth.refresh(client, tokens.refresh_token)).json<TokenAnswer>()
    inactive(await introspect(tokens.refresh_token))
    const { headers, form } = clientAuthentication(client)
    await stage.server.request('POST', '/revoke', { headers, form: { ...form, token: later.refresh_token } })
    for (const token of [later.refresh_token, later.access_token, tokens.access_token])
      inactive(await introspect(token))
  })

  test('when it has expired', async (t) => {
    const tokens = await tokensOf()
    t.after(() => {
      ahead = 0
    })
    ahead = 901_000
    inactive(await introspect(tokens.access_token))
    ahead = 8 * 86_400_000
    inactive(await introspect(tokens.refresh_token))
  })

  test('T-LC-01 when its user is disabled', async () => {
    const tokens = await tokensOf()
    const user = await stage.realm.users.find(alice.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, enabled: false })
    inactive(await introspect(tokens.access_token))
    inactive(await introspect(tokens.refresh_token))
    await stage.realm.users.update(user)
  })
})

test('RFC 7662 §2.2 – what an access token of a person says, to its client and to a resource server', async () => {
  const { access_token: token } = await tokensOf()
  for (const by of [client, resource]) {
    const answer = await introspect(token, by, { token_type_hint: 'refresh_token' })
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { iat, exp, jti, sid, authorization_id: authorizationId, auth_time: authTime, ...said } = answer.json()
    assert.deepEqual(said, {
      active: true,
      token_type: 'Bearer',
      username: 'alice',
      iss: stage.server.issuer,
      sub: alice.id,
      aud: stage.server.issuer,
      client_id: client.client_id,
      scope: 'openid offline_access',
      amr: ['pwd'],
    })
    assert.equal(Number(exp) - Number(iat), 900)
    assert.ok(jti && sid && authorizationId && Number(authTime) <= Number(iat))
  }
})

test('RFC 7662 §2.2 – what a refresh token says', async () => {
  const { refresh_token: token } = await tokensOf()
  const { iat, exp, ...said } = (await introspect(token)).json()
  assert.deepEqual(said, {
    active: true,
    iss: stage.server.issuer,
    sub: alice.id,
    username: 'alice',
    client_id: client.client_id,
    scope: 'openid offline_access',
  })
  assert.equal(Number(exp) - Number(iat), 604_800)
})

test('RFC 9068 §5 – the token of a client for itself names no user', async () => {
  const answer = await stage.server.oauth.token(client, { grant_type: 'client_credentials' })
  const said = (await introspect(answer.json<TokenAnswer>().access_token)).json()
  assert.deepEqual([said.active, said.sub, 'username' in said], [true, client.client_id, false])
})
