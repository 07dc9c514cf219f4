import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer, RequestOptions } from '../../support/client.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  const user = await stage.realm.users.find(alice.id)
  assert.ok(user)
  const claims = {
    name: 'Alice Adams',
    given_name: 'Alice',
    email: 'alice@example.com',
    email_verified: true,
    gender: '',
  }
  await stage.realm.users.update({ ...user, claims, roles: ['clerk'] })
  client = await stage.addClient({
    grant_types: ['authorization_code', 'client_credentials'],
    scope: 'openid profile email phone roles jobs',
  })
})
after(() => stage.server.close())

const tokenFor = async (scope: string): Promise<string> =>
  (await stage.server.oauth.obtainTokens(client, alice, { extra: { scope } })).access_token

const userinfo = (options: RequestOptions, method = 'GET', path = '/userinfo'): Promise<Answer> =>
  stage.server.request(method, path, options)

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('RFC 6750 §3 – UserInfo refuses', () => {
  test('a request without a token, by a challenge without an error', async () => {
    const answer = await userinfo({})
    assert.deepEqual(
      [answer.status, answer.headers['www-authenticate']],
      [401, 'Bearer, DPoP algs="ES256 PS256 EdDSA"'],
    )
  })

  test('a token that is none, by a challenge that says so', async () => {
    for (const token of ['x', 'a.b.c', `${await tokenFor('openid')}x`]) {
      const answer = await userinfo(bearer(token))
      assert.equal(answer.status, 401)
      assert.match(
        answer.headers['www-authenticate'] ?? '',
        /^Bearer error="invalid_token", error_description="[^"]+"$/,
      )
    }
  })

  test('N-21-18 OAuth 2.1 §5.1.2 – a token in the URL', async () => {
    const token = await tokenFor('openid')
    const answer = await userinfo({}, 'GET', `/userinfo?access_token=${token}`)
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
    assert.equal((await userinfo(bearer(token), 'GET', '/userinfo?access_token=x')).status, 400)
  })

  test('RFC 6750 §2 – a token in two places', async () => {
    const token = await tokenFor('openid')
    const answer = await userinfo({ ...bearer(token), form: { access_token: token } }, 'POST')
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
  })

  test('another scheme', async () => {
    const answer = await userinfo({ headers: { authorization: 'Basic YTpi' } })
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
  })

  test('T-JW-12 RFC 9068 §4 – an ID token', async () => {
    const { id_token: token } = await stage.server.oauth.obtainTokens(client, alice)
    assert.equal((await userinfo(bearer(token))).status, 401)
  })

  test('RFC 6750 §3.1 – a token without the scope openid, and names the scope', async () => {
    const ofItself = await stage.server.oauth.token(client, { grant_type: 'client_credentials' })
    for (const token of [await tokenFor('profile'), ofItself.json<TokenAnswer>().access_token]) {
      const answer = await userinfo(bearer(token))
      assert.deepEqual([answer.status, answer.json().error], [403, 'insufficient_scope'])
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer error="insufficient_scope".*, scope="openid"$/)
    }
  })

  test('T-LC-01 a token whose user was disabled, at the very next request', async () => {
    const token = await tokenFor('openid')
    assert.equal((await userinfo(bearer(token))).status, 200)
    const user = await stage.realm.users.find(alice.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, enabled: false })
    assert.equal((await userinfo(bearer(token))).status, 401)
    await stage.realm.users.update(user)
  })
})

test('OpenID Connect Core §5.4 – each scope gives its claims and no other, empty ones not at all', async () => {
  const answer = await userinfo(bearer(await tokenFor('openid')))
  assert.deepEqual(answer.json(), { sub: alice.id })
  const email = (await userinfo(bearer(await tokenFor('openid email phone')))).json()
  assert.deepEqual(email, { sub: alice.id, email: 'alice@example.com', email_verified: true })
  const { updated_at: updatedAt, ...profile } = (await userinfo(bearer(await tokenFor('openid profile')))).json()
  assert.deepEqual(profile, { sub: alice.id, name: 'Alice Adams', given_name: 'Alice', preferred_username: 'alice' })
  assert.ok(Number.isSafeInteger(updatedAt) && Number(updatedAt) <= Date.now() / 1000)
  const roles = (await userinfo(bearer(await tokenFor('openid roles')))).json()
  assert.deepEqual(roles, { sub: alice.id, roles: ['clerk'] })
})

test('OpenID Connect Core §5.3.1 and RFC 6750 §2.1 and §2.2 – the token by GET or POST, in the header in any case, or in the form', async () => {
  const token = await tokenFor('openid')
  const answers = [
    await userinfo(bearer(token)),
    await userinfo({ headers: { authorization: `bEARER ${token}` } }),
    await userinfo(bearer(token), 'POST'),
    await userinfo({ form: { access_token: token } }, 'POST'),
  ]
  for (const answer of answers) {
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.json().sub, alice.id)
  }
})
