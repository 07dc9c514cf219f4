import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let browser: Browser

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
  browser = await stage.signedInBrowser(alice, client)
})
after(() => stage.server.close())

const ask = (extra: Record<string, string>, by = browser): Promise<Answer> =>
  stage.authorize(by, stage.parametersFor(client, extra))

const discovered = async (prefix = ''): Promise<string> => {
  const answer = await stage.server.request('GET', `${prefix}/.well-known/openid-configuration`)
  return answer.json<{ issuer: string }>().issuer
}

describe('T-IS-06 RFC 9207 §2 – iss is the issuer of the metadata, octet for octet, beside', () => {
  const redirected: [string, () => Promise<Answer>][] = [
    ['a code', () => ask({})],
    ['a code with prompt=none', () => ask({ prompt: 'none' })],
    ['login_required', () => ask({ prompt: 'none' }, stage.server.browser())],
    ['consent_required', () => ask({ prompt: 'none', scope: 'openid email' })],
    ['invalid_scope', () => ask({ scope: 'root' })],
    ['invalid_request', () => ask({ code_challenge: '' })],
    ['unsupported_response_type', () => ask({ response_type: 'token' })],
    ['registration_not_supported', () => ask({ registration: '{}' })],
    [
      'access_denied',
      async () => {
        const consent = await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent' }))
        return await stage.submit(browser, consent, { decision: 'deny' })
      },
    ],
    [
      'the code of a pushed request',
      async () => {
        const requestUri = (await stage.push(client)).json<{ request_uri: string }>().request_uri
        return await stage.authorize(browser, { client_id: client.client_id, request_uri: requestUri })
      },
    ],
  ]
  for (const [what, answer] of redirected) {
    test(what, async () => {
      assert.deepEqual(responseOf(await answer()).getAll('iss'), [await discovered()])
    })
  }

  for (const [what, extra] of [
    ['a code in a form', {}],
    ['an error in a form', { scope: 'root' }],
  ] as const) {
    test(what, async () => {
      const form = readForm((await ask({ response_mode: 'form_post', ...extra })).body)
      assert.equal(form?.fields.iss, await discovered())
    })
  }

  test('an error of another realm, which is an issuer of its own', async () => {
    const known = await stage.realm.clients.find(client.client_id)
    assert.ok(known)
    await stage.server.store.realm('_').clients.insert({ ...known, realmId: '_' })
    const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
    const answer = await browser.request('GET', `/realms/_/authorize?${query}`)
    assert.equal(responseOf(answer).get('error'), 'login_required')
    assert.equal(responseOf(answer).get('iss'), await discovered('/realms/_'))
    assert.notEqual(await discovered('/realms/_'), await discovered())
  })
})

test('RFC 9207 §3 – the metadata say that it comes', async () => {
  const answer = await stage.server.request('GET', '/.well-known/oauth-authorization-server')
  assert.equal(answer.json().authorization_response_iss_parameter_supported, true)
})
