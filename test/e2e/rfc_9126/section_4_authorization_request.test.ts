import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient({ consent: 'skip' })
})
after(() => stage.server.close())

test('T-PK-06 RFC 9126 §4 – the challenge and the address that were pushed count, and none beside them', async () => {
  const pushed = createPkce()
  const outer = createPkce()
  const browser = await stage.signedInBrowser(alice, client)
  const answer = await stage.push(client, { code_challenge: pushed.challenge })
  const response = await stage.authorize(browser, {
    client_id: client.client_id,
    request_uri: answer.json<{ request_uri: string }>().request_uri,
    code_challenge: outer.challenge,
    code_challenge_method: 'plain',
    redirect_uri: 'https://evil.example/',
    response_mode: 'form_post',
  })
  const code = responseOf(response).get('code') ?? ''
  const refused = await stage.server.oauth.redeem(client, code, outer.verifier)
  assert.deepEqual([refused.status, refused.json().error], [400, 'invalid_grant'])
  assert.equal((await stage.server.oauth.redeem(client, code, pushed.verifier)).status, 200)
})
