/** OpenID Connect Core §5.5 – claims that a client asks for one by one. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { jsonPart } from '../../support/tokens.ts'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  const user = await stage.realm.users.find(alice.id)
  assert.ok(user)
  const claims = { name: 'Alice Adams', email: 'alice@example.com', email_verified: true, phone_number: '+1 604 555' }
  await stage.realm.users.update({ ...user, claims })
  client = await stage.addClient({ scope: 'openid profile email offline_access' })
})
after(() => stage.server.close())

type Told = Record<string, unknown>

const userinfoWith = async (token: string): Promise<Told> =>
  (await stage.server.request('GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } })).json<Told>()

const signIn = async (claims: unknown, scope = 'openid') => {
  const extra = { scope, claims: JSON.stringify(claims) }
  const tokens = await stage.server.oauth.obtainTokens(client, alice, { extra })
  return { tokens, idToken: jsonPart(tokens.id_token, 1), userinfo: await userinfoWith(tokens.access_token) }
}

describe('OpenID Connect Core §5.5 – not told', () => {
  test('is anything to who asks in a way that nobody understands', async () => {
    for (const claims of ['{', '[]', '{"userinfo":{"name":1}}']) {
      const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, { claims }))
      assert.equal(responseOf(answer).get('error'), 'invalid_request', claims)
      assert.equal((await stage.push(client, { claims })).status, 400)
    }
  })

  test('is a claim of a scope that the client is not registered for, one the person lacks, and one nobody knows', async () => {
    const some = { phone_number: { essential: true }, nickname: null, shoe_size: null, address: null }
    const { idToken, userinfo } = await signIn({ userinfo: some, id_token: some })
    assert.deepEqual(userinfo, { sub: alice.id })
    for (const name of Object.keys(some)) assert.equal(name in idToken, false, name)
  })

  test('OpenID Connect Core §5.5.1 – is a claim with another value than was asked for', async () => {
    const { userinfo } = await signIn({ userinfo: { name: { value: 'Bob' }, email: { values: ['a@b', 'c@d'] } } })
    assert.deepEqual(userinfo, { sub: alice.id })
  })

  test('T-CS-06 OpenID Connect Core §3.1.2.4 – is a claim that the person has not allowed', async () => {
    const asking = await stage.addClient()
    const browser = await stage.signedInBrowser(alice, asking, { scope: 'openid' })
    const claims = JSON.stringify({ userinfo: { email: null } })
    const silent = stage.parametersFor(asking, { claims, prompt: 'none' })
    assert.equal(responseOf(await stage.authorize(browser, silent)).get('error'), 'consent_required')
    const consent = await stage.begin(browser, stage.parametersFor(asking, { claims }))
    assert.match(consent.answer.body, /See your email address/)
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).get('code'))
    assert.ok(responseOf(await stage.authorize(browser, silent)).get('code'))
  })

  test('OpenID Connect Core §5.5.1 – is who is signed in, where the client asks for another sub', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const claims = JSON.stringify({ id_token: { sub: { value: 'somebody-else' } } })
    const answer = await stage.authorize(browser, stage.parametersFor(client, { claims, prompt: 'none' }))
    assert.equal(responseOf(answer).get('error'), 'login_required')
    const same = JSON.stringify({ id_token: { sub: { value: alice.id } } })
    const again = await stage.authorize(browser, stage.parametersFor(client, { claims: same, prompt: 'none' }))
    assert.ok(responseOf(again).get('code'))
  })
})

describe('OpenID Connect Core §5.5 – told', () => {
  test('is each claim where it was asked for, without the scope', async () => {
    const { idToken, userinfo } = await signIn({
      userinfo: { name: { essential: true }, preferred_username: null },
      id_token: { email: { value: 'alice@example.com' }, email_verified: null },
    })
    assert.deepEqual(userinfo, { sub: alice.id, name: 'Alice Adams', preferred_username: 'alice' })
    assert.equal(idToken.email, 'alice@example.com')
    assert.equal(idToken.email_verified, true)
    assert.equal('name' in idToken, false)
  })

  test('is what the scopes give, beside it', async () => {
    const { userinfo, tokens } = await signIn({ userinfo: { name: null } }, 'openid email')
    assert.deepEqual(userinfo, {
      sub: alice.id,
      name: 'Alice Adams',
      email: 'alice@example.com',
      email_verified: true,
    })
    assert.equal(tokens.scope, 'openid email')
  })

  test('OpenID Connect Core §12.2 – is the same after a refresh', async () => {
    const { tokens } = await signIn({ userinfo: { name: null }, id_token: { email: null } }, 'openid offline_access')
    const refreshed = (await stage.server.oauth.refresh(client, tokens.refresh_token)).json<typeof tokens>()
    assert.deepEqual(await userinfoWith(refreshed.access_token), { sub: alice.id, name: 'Alice Adams' })
    assert.equal(jsonPart(refreshed.id_token, 1).email, 'alice@example.com')
  })
})
