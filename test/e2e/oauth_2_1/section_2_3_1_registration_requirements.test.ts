import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Answer } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

before(async () => {
  server = await startServer()
})
after(() => server.close())

const register = (redirectUri: string, metadata: Record<string, unknown> = {}) =>
  server.admin.request('POST', '/admin/realm/main/client', {
    json: {
      client_name: 'A client',
      application_type: 'native',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'openid',
      token_endpoint_auth_method: 'none',
      ...metadata,
    },
  })

/** The API names the member, and never says what a stranger wrote. */
const assertRefused = (answer: Answer, member: RegExp): void => {
  assert.equal(answer.status, 422)
  assert.match(String(answer.json().error_description), member)
  assert.doesNotMatch(answer.body, /javascript|evil/i)
}

describe('OAuth 2.1 §2.3.1 – a client is not registered with', () => {
  for (const [id, uri] of [
    ['T-RU-02', 'https://*.example/cb'],
    ['T-RU-02', 'https://app.example/*'],
    ['T-RU-02', 'http://localhost:*/cb'],
    ['T-RU-05', 'https://app.example/a/..;/cb'],
    ['T-RU-06', 'JaVaScRiPt:alert(1)'],
    ['T-RU-06', 'data:text/html,x'],
    ['T-RU-07', 'https://app.example/cb?code=1'],
    ['T-RU-07', 'https://app.example/cb#x'],
    ['T-RU-11', 'https://127.1/cb'],
    ['T-RU-15', 'myapp:/cb'],
    ['N-21-03', 'http://app.example/cb'],
  ] as const) {
    test(`${id} ${uri}, nor does it learn to later`, async () => {
      const refused = await register(uri)
      assertRefused(refused, /redirect_uris/)
      const registered = (await register('https://app.example/cb')).json<{
        client_id: string
        client_secret?: string
      }>()
      const { client_secret: _secret, ...client } = registered
      const changed = await server.admin.request('PUT', `/admin/realm/main/client/${client.client_id}`, {
        json: { ...client, redirect_uris: [uri] },
      })
      assertRefused(changed, /redirect_uris/)
    })
  }

  test('T-RU-04 an address to return to after the logout that would be no redirect URI', async () => {
    const answer = await register('https://app.example/cb', { post_logout_redirect_uris: ['javascript:alert(1)'] })
    assertRefused(answer, /post_logout_redirect_uris/)
  })
})

test('OAuth 2.1 §2.3.1 – a native application is registered with loopback addresses and a scheme of its own', async () => {
  for (const uri of ['http://127.0.0.1/cb', 'http://[::1]/cb', 'com.example.app:/cb']) {
    assert.equal((await register(uri)).status, 201)
  }
})
