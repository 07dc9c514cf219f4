/** F-34 – an identity provider that hangs, and one that is gone: its own people wait for a bounded time, nobody else notices. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic } from '../support/client.ts'
import { type IdentityProvider, startIdentityProvider } from '../support/identity_provider.ts'
import type { Person, TestClient } from '../support/oauth.ts'
import { until } from '../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

const CALLERS = 40
const REALM = 'upstream'

describe('an identity provider that cannot be asked', () => {
  let server: ServerProcess
  let provider: IdentityProvider
  let alice: Person
  let client: TestClient

  before(async () => {
    provider = await startIdentityProvider()
    server = await startServerProcess()
    await server.admin.createRealm({
      id: REALM,
      auth_params: {
        username_password_params: {},
        jwt_params: { idp_params: [provider.provider], smallest_refresh_interval_seconds: 1 },
      },
      session_max_age_seconds: 600,
      session_max_stale_age_seconds: 60,
    })
    alice = await server.admin.createUser({ username: 'alice' }, REALM)
    client = await server.admin.createClient({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'api',
    })
  })
  after(async () => {
    await server?.close()
    await provider?.close()
  })

  const login = (authorization: string): Promise<Answer> =>
    server.request('POST', `/login?realm=${REALM}`, { headers: { authorization } })

  const withToken = (): Promise<Answer> => login(`Bearer ${provider.token()}`)

  const assertOthersGoOn = async (): Promise<void> => {
    assert.equal((await login(basic(alice.username, alice.password))).status, 200)
    assert.equal((await server.oauth.token(client, { grant_type: 'client_credentials' })).status, 200)
    assert.equal((await server.request('GET', '/ready')).status, 200)
  }

  test('F-34 – while it hangs its people wait together for one fetch and are told to come back; others sign in', async () => {
    provider.behave({ jwks: () => undefined })
    const waiting = Promise.all(Array.from({ length: CALLERS }, withToken))
    await until('asked', () => provider.counts.jwks > 0)
    await assertOthersGoOn()
    for (const answer of await waiting) {
      assert.equal(answer.status, 503, answer.body)
      assert.ok(answer.headers['retry-after'])
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    assert.ok(provider.counts.jwks <= 2, String(provider.counts.jwks))
  })

  test('F-34 – when it is well again its people sign in, and go on doing so while its keys cannot be fetched', async () => {
    provider.behave({})
    await until('signed in', async () => (await withToken()).status === 200)
    provider.behave({ jwks: (_request, response) => void response.socket?.destroy() })
    assert.equal((await withToken()).status, 200)
    await assertOthersGoOn()
  })
})
