import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let client: TestClient
let other: TestClient
let alice: Person

const metadata = { client_id: 'app', scope: 'openid offline_access', token_endpoint_auth_method: 'client_secret_post' }

before(async () => {
  server = await startServer()
  await server.admin.createRealm({
    id: 'other',
    auth_params: { username_password_params: { allow_expired_passwords: false } },
    session_max_age_seconds: 3600,
    session_max_stale_age_seconds: 1800,
  })
  client = await server.admin.createClient(metadata)
  other = await server.admin.createClient(metadata, 'other')
  alice = await server.admin.createUser()
  await server.admin.createUser({}, 'other')
})
after(() => server.close())

const inOther = (path: string, form: Record<string, string>) =>
  server.request('POST', `/realms/other${path}`, { form: { ...clientAuthentication(other).form, ...form } })

describe('T-IS-08 RFC 8414 §2 – what one realm issued is nothing in another', () => {
  test('a client and its secret', async () => {
    const form = { ...clientAuthentication(client).form, grant_type: 'refresh_token', refresh_token: 'x' }
    const answer = await server.request('POST', '/realms/other/token', { form })
    assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
  })

  test('a code', async () => {
    const { verifier, challenge } = createPkce()
    const parameters = server.oauth.authorizationParameters(client, challenge)
    const code = await server.oauth.obtainCode(server.browser(), client, parameters, alice)
    const answer = await inOther('/token', { grant_type: 'authorization_code', code, code_verifier: verifier })
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant'])
    assert.equal((await server.oauth.redeem(client, code, verifier)).status, 200)
  })

  test('refresh tokens and access tokens, at every endpoint', async () => {
    const tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope: 'openid offline_access' } })
    const refreshed = await inOther('/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    assert.deepEqual([refreshed.status, refreshed.json().error], [400, 'invalid_grant'])
    for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token]) {
      assert.equal((await inOther('/introspect', { token })).body, '{"active":false}')
      assert.equal((await inOther('/revoke', { token })).status, 200)
    }
    const authorization = `Bearer ${tokens.access_token}`
    assert.equal((await server.request('GET', '/realms/other/userinfo', { headers: { authorization } })).status, 401)
    assert.equal((await server.request('GET', '/userinfo', { headers: { authorization } })).status, 200)
    assert.equal((await server.oauth.refresh(client, tokens.refresh_token)).status, 200)
  })

  test('while the default realm answers at both of its addresses with one issuer', async () => {
    const tokens = await server.oauth.obtainTokens(client, alice)
    const authorization = `Bearer ${tokens.access_token}`
    assert.equal((await server.request('GET', '/realms/main/userinfo', { headers: { authorization } })).status, 200)
  })
})
