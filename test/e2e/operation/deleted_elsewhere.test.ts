/** T-LC-01 – what another node deleted a moment ago, while this one still has it in its cache. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, errorCodeOf } from '../../support/client.ts'
import { createPkce } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const START = Date.UTC(2030, 0, 1)

for (const database of ['sqlite', 'postgresql', 'mysql'] as const)
  describe(`T-LC-01 – deleted on another node, ${database}`, {
    skip: database === 'sqlite' ? false : skipWithout(database),
  }, () => {
    let server: TestServer

    before(async () => {
      // The clock stands still, and so the cache stays fresh.
      server = await startServer({ database, clock: { now: () => START } })
    })
    after(() => server.close())

    const authorize = async (): Promise<{ first: Answer; again: () => Promise<Answer>; clientId: string }> => {
      const client = await server.admin.createClient()
      const parameters = server.oauth.authorizationParameters(client, createPkce().challenge)
      const again = () => server.browser().request('GET', `/authorize?${new URLSearchParams(parameters)}`)
      return { first: await again(), again, clientId: client.client_id }
    }

    test('a client that is gone begins nothing, and the server makes no fault of it', async () => {
      const { first, again, clientId } = await authorize()
      assert.equal(first.status, 303)
      await server.store.realm('main').clients.delete(clientId)
      const answer = await again()
      assert.equal(answer.status, 409)
      assert.equal(errorCodeOf(answer.body), 'conflict')
      assert.equal(answer.headers.location, undefined)
    })

    test('a realm that is gone gets no keys', async () => {
      await server.admin.createRealm({
        id: 'shop',
        auth_params: {},
        session_max_age_seconds: 60,
        session_max_stale_age_seconds: 60,
      })
      assert.equal((await server.request('GET', '/realms/shop/.well-known/openid-configuration')).status, 200)
      await server.store.realms.delete('shop')
      const answer = await server.request('GET', '/realms/shop/jwks.json')
      assert.equal(answer.status, 409)
      assert.equal(answer.json().error, 'conflict')
      assert.ok(!server.logs.some((line) => line.includes('unexpected error')))
    })
  })
