import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { skipWithout } from '../../support/backends.ts'
import type { Answer } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

const CALLERS = 20

const isCode = ({ headers }: Answer): boolean => /[?&]code=/.test(headers.location ?? '')

for (const database of ['sqlite', 'postgresql', 'mysql'] as const) {
  const skip = database === 'sqlite' ? false : skipWithout(database)

  describe(`RFC 6749 §4.1.2 – one request, one answer (${database})`, { skip }, () => {
    let stage: AuthorizationStage
    let alice: Person & { id: string }
    let client: TestClient

    before(async () => {
      stage = await openAuthorizationStage({ database })
      alice = await stage.addUser('alice')
      client = await stage.addClient()
    })
    after(() => stage.server.close())

    test(`T-CS-06 of ${CALLERS} decisions at once about one request, one counts`, async () => {
      const browser = stage.server.browser()
      const login = await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent' }))
      const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, n) =>
          stage.submit(browser, consent, { decision: n % 2 === 0 ? 'allow' : 'deny' }),
        ),
      )
      const given = answers.filter(({ headers }) => (headers.location ?? '').startsWith(REDIRECT_URI))
      assert.equal(given.length, 1)
      assert.equal(answers.filter(({ status }) => status === 409).length, CALLERS - 1)
      const { items } = await stage.realm.audit.list({ limit: 100 })
      assert.equal(items.filter(({ type }) => type === 'consent.granted' || type === 'consent.denied').length, 1)
    })

    test(`T-PA-02 RFC 9126 §4 – of ${CALLERS} visits at once of one pushed request, one gets a code`, async () => {
      const browser = await stage.signedInBrowser(alice, client)
      const requestUri = (await stage.push(client)).json<{ request_uri: string }>().request_uri
      const parameters = { client_id: client.client_id, request_uri: requestUri }
      const answers = await Promise.all(Array.from({ length: CALLERS }, () => stage.authorize(browser, parameters)))
      assert.equal(answers.filter(isCode).length, 1)
      assert.ok(answers.every((answer) => isCode(answer) || answer.status === 400 || answer.status === 409))
    })

    test('decisions at once about different requests are all answered, and nothing is remembered that was not allowed', async () => {
      const fresh = await stage.addClient({ scope: 'openid profile email address phone' })
      const browser = stage.server.browser()
      const login = await stage.begin(browser, stage.parametersFor(fresh))
      await stage.signIn(browser, login, alice)
      const scopes = ['profile', 'email', 'address', 'phone'].map((scope) => `openid ${scope}`)
      const pages = []
      for (const scope of scopes) pages.push(await stage.begin(browser, stage.parametersFor(fresh, { scope })))
      const answers = await Promise.all(pages.map((page) => stage.submit(browser, page, { decision: 'allow' })))
      for (const answer of answers) assert.ok(responseOf(answer).has('code'))
      const remembered = (await stage.realm.consents.find(alice.id, fresh.client_id))?.scopes ?? []
      assert.ok(remembered.includes('openid'))
      assert.ok(remembered.every((scope) => scopes.join(' ').split(' ').includes(scope)))
    })
  })
}
