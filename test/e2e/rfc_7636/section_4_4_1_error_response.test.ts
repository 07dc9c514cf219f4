import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import type { TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let confidential: TestClient
let publicClient: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  confidential = await stage.addClient()
  publicClient = await stage.addClient({ token_endpoint_auth_method: 'none' })
})
after(() => stage.server.close())

const wrongs: [string, Record<string, string>][] = [
  ['no challenge', { code_challenge: '', code_challenge_method: '' }],
  ['the method plain', { code_challenge_method: 'plain' }],
  ['no method, which means plain', { code_challenge_method: '' }],
  ['the method s256', { code_challenge_method: 's256' }],
  ['a list of methods', { code_challenge_method: 'S256 plain' }],
  ['a method and no challenge', { code_challenge: '' }],
  ['a challenge that is too short', { code_challenge: 'abc' }],
]

for (const [what, wrong] of wrongs) {
  describe(`T-PK-04 RFC 7636 §4.4.1 – ${what} is invalid_request`, () => {
    test('at the authorization endpoint, for every kind of client', async () => {
      for (const client of [confidential, publicClient]) {
        const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, wrong))
        assert.equal(responseOf(answer).get('error'), 'invalid_request')
      }
    })

    test('at the pushed authorization request endpoint, for every kind of client', async () => {
      for (const client of [confidential, publicClient]) {
        const answer = await stage.push(client, wrong)
        assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
      }
    })
  })
}

test('T-PK-04 OAuth 2.1 §3.1 – a method that comes twice is refused', async () => {
  const query = `${new URLSearchParams(stage.parametersFor(confidential))}&code_challenge_method=plain`
  const answer = await stage.server.browser().request('GET', `/authorize?${query}`)
  assert.equal(answer.status, 400)
})

test('OAuth 2.1 §7.5.2 – only a confidential client can be registered to do without', async () => {
  const without = { code_challenge: '', code_challenge_method: '' }
  const excused = await stage.addClient({ require_pkce: false })
  const begun = await stage.authorize(stage.server.browser(), stage.parametersFor(excused, without))
  assert.match(begun.headers.location ?? '', /\/interaction\//)
  const notExcused = await stage.addClient({ require_pkce: false, token_endpoint_auth_method: 'none' })
  const refused = await stage.authorize(stage.server.browser(), stage.parametersFor(notExcused, without))
  assert.equal(responseOf(refused).get('error'), 'invalid_request')
})
