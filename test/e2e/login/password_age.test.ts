/** OWASP ASVS 6.2.10 – a password that is too old by its realm's maximum age, in the JSON API and on the pages. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, basic, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

/** Less than an administrator's session lasts. */
const MAX_AGE_SECONDS = 600
const NEXT = 'another passphrase of the tests 8'

describe('a password of a realm with a maximum age', () => {
  let now = Date.now()
  let stage: AuthorizationStage
  let client: TestClient

  before(async () => {
    stage = await openAuthorizationStage({ clock: { now: () => now } })
    client = await stage.addClient()
  })
  after(() => stage.server.close())

  const setPolicy = async (allow_expired_passwords: boolean): Promise<void> => {
    const username_password_params = { allow_expired_passwords, max_password_age_seconds: MAX_AGE_SECONDS }
    await stage.server.admin.updateRealm('main', { auth_params: { username_password_params } })
  }

  const login = (person: Person, password = person.password): Promise<Answer> =>
    stage.server.request('POST', '/login?realm=main', {
      headers: { authorization: basic(person.username, password) },
    })

  test('API: authenticates to the last millisecond of its age, and then leads to the change of the password', async () => {
    await setPolicy(true)
    const alice = await stage.addUser('alice')
    now += MAX_AGE_SECONDS * 1_000 - 1
    assert.equal((await login(alice)).json().next_step, 'Authenticated')
    now += 1
    const expired = await login(alice)
    assert.equal(expired.json().next_step, 'ChangePassword')
    const cookie = expired.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    assert.equal((await stage.server.request('GET', '/whoami?realm=main', { cookie })).status, 403)
    const changed = await stage.server.request('POST', '/password?realm=main', {
      cookie,
      json: { current_password: alice.password, new_password: NEXT },
      headers: { origin: stage.origin },
    })
    assert.equal(changed.status, 200, changed.body)
    assert.equal((await login(alice, NEXT)).json().next_step, 'Authenticated')
  })

  test('API: is refused where the realm lets nobody in with it', async () => {
    await setPolicy(false)
    const bob = await stage.addUser('bob')
    now += MAX_AGE_SECONDS * 1_000
    const answer = await login(bob)
    assert.deepEqual([answer.status, answer.json().error], [403, 'password_expired'])
    assert.equal(answer.headers['set-cookie'], undefined)
  })

  test('pages: is changed on the way to the client', async () => {
    await setPolicy(true)
    const carol = await stage.addUser('carol')
    now += MAX_AGE_SECONDS * 1_000
    const browser = stage.server.browser()
    const page = await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent' }))
    const change = await stage.arrive(
      browser,
      await stage.submit(browser, page, { username: carol.username, password: carol.password }),
    )
    assert.deepEqual(change.form.buttons, ['change'])
    const passwords = { current_password: carol.password, new_password: NEXT, new_password_again: NEXT }
    const consent = await stage.arrive(browser, await stage.submit(browser, change, passwords))
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })

  test('pages: is an error page where the realm lets nobody in with it', async () => {
    await setPolicy(false)
    const dave = await stage.addUser('dave')
    now += MAX_AGE_SECONDS * 1_000
    const browser = stage.server.browser()
    const page = await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent' }))
    const answer = await stage.submit(browser, page, { username: dave.username, password: dave.password })
    assert.deepEqual([answer.status, errorCodeOf(answer.body)], [403, 'password_expired'])
  })
})
