import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import { readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const STATE = '"><script>alert(1)</script>\' &amp;'

test('T-IS-06 Form Post Response Mode §2 – an error comes as a form too, with state and issuer', async () => {
  const parameters = stage.parametersFor(client, { response_mode: 'form_post', prompt: 'none', state: STATE })
  const answer = await stage.authorize(stage.server.browser(), parameters)
  const form = readForm(answer.body)
  assert.equal(answer.status, 200)
  assert.equal(form?.action, REDIRECT_URI)
  const { error_description: description, ...fields } = form?.fields ?? {}
  assert.ok(description)
  assert.deepEqual(fields, { error: 'login_required', state: STATE, iss: stage.server.issuer })
  assert.ok(!answer.body.includes('<script>alert'))
})

test('T-IS-06 Form Post Response Mode §2 – a code comes in a form that sends itself, by the one script that the policy names', async () => {
  const browser = await stage.signedInBrowser(alice, client)
  const parameters = stage.parametersFor(client, { response_mode: 'form_post', state: STATE })
  const answer = await stage.authorize(browser, parameters)
  const form = readForm(answer.body)
  assert.equal(answer.headers.location, undefined)
  assert.equal(form?.action, REDIRECT_URI)
  assert.deepEqual(Object.keys(form?.fields ?? {}).sort(), ['code', 'iss', 'state'])
  assert.equal(form?.fields.state, STATE)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.equal(answer.headers['referrer-policy'], 'no-referrer')
  const policy = String(answer.headers['content-security-policy'])
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(answer.body) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  assert.ok(policy.includes(`script-src 'sha256-${hash}'`))
  assert.match(policy, /form-action 'self' https:/)
})
