/** R-2, F-4: the database goes away in the middle of a sign-in. Everybody is told to come back, and can: nothing was used up. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { backend, skipWithout } from '../../support/backends.ts'
import { type Answer, type Browser, basic, errorCodeOf, type HtmlForm, readForm } from '../../support/client.ts'
import { type Line, openLine } from '../../support/line.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { createScratchDatabase, type ScratchDatabase } from '../../support/scratch_database.ts'
import { startServer, type TestServer } from '../../support/server.ts'

describe('the database goes away in the middle', { skip: skipWithout('postgresql') }, () => {
  let database: ScratchDatabase
  let line: Line
  let server: TestServer
  let client: TestClient
  let alice: Person

  before(async () => {
    database = await createScratchDatabase('postgresql', backend('postgresql')?.url ?? '')
    line = await openLine(database.url)
    server = await startServer({ database: 'postgresql', databaseUrl: line.url })
    client = await server.admin.createClient()
    alice = await server.admin.createUser()
  })
  after(async () => {
    await server?.close()
    await line?.close()
    await database?.drop()
  })

  const mend = async (): Promise<void> => {
    line.mend()
    while ((await server.request('GET', '/ready')).status !== 200) await delay(20)
  }

  afterEach(mend)

  const assertUnavailable = (answer: Answer): void => {
    assert.equal(answer.status, 503, answer.body)
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers.location, undefined)
    assert.equal(answer.headers['set-cookie'], undefined)
    const isPage = (answer.headers['content-type'] ?? '').startsWith('text/html')
    const error = isPage ? errorCodeOf(answer.body) : answer.json().error
    assert.equal(error, 'temporarily_unavailable')
    assert.doesNotMatch(answer.body, /postgres|ECONN|127\.0\.0\.1|\n\s+at /i)
  }

  const submit = (browser: Browser, form: HtmlForm, fields: Record<string, string>): Promise<Answer> =>
    browser.request('POST', form.action, {
      form: { ...form.fields, ...fields },
      headers: { origin: server.issuer },
    })

  /** The form at which a browser arrives. */
  const arrive = async (browser: Browser, answer: Answer): Promise<HtmlForm> => {
    const { location } = answer.headers
    if (location !== undefined) return await arrive(browser, await browser.request('GET', location))
    const form = readForm(answer.body)
    if (!form) throw new Error(`no form: ${answer.status} ${answer.body}`)
    return form
  }

  type Flow = { browser: Browser; verifier: string; login: HtmlForm }

  const begin = async (): Promise<Flow> => {
    const browser = server.browser()
    const { verifier, challenge } = createPkce()
    const parameters = server.oauth.authorizationParameters(client, challenge, { prompt: 'login consent' })
    const answer = await browser.request('GET', `/authorize?${new URLSearchParams(parameters)}`)
    return { browser, verifier, login: await arrive(browser, answer) }
  }

  const signIn = ({ browser, login }: Flow): Promise<Answer> =>
    submit(browser, login, { username: alice.username, password: alice.password })

  const allow = ({ browser }: Flow, consent: HtmlForm): Promise<Answer> =>
    submit(browser, consent, { decision: 'allow' })

  const codeIn = ({ headers }: Answer): string => new URL(headers.location ?? '').searchParams.get('code') ?? ''

  for (const trouble of ['cut', 'freeze'] as const)
    test(`R-2 F-4 – every step of the way is 503 with Retry-After, and goes on from there afterwards (${trouble})`, async () => {
      const atLogin = await begin()
      const atConsent = await begin()
      const consent = await arrive(atConsent.browser, await signIn(atConsent))
      const withCode = await begin()
      const code = codeIn(await allow(withCode, await arrive(withCode.browser, await signIn(withCode))))
      const { access_token: token } = await server.oauth.obtainTokens(client, alice)
      const parameters = server.oauth.authorizationParameters(client, createPkce().challenge)
      const { headers } = clientAuthentication(client)
      const asAlice = { headers: { authorization: basic(alice.username, alice.password) } }

      line[trouble]()
      const answers = await Promise.all([
        server.request('GET', `/authorize?${new URLSearchParams(parameters)}`),
        server.request('POST', '/authorize', { form: parameters }),
        signIn(atLogin),
        allow(atConsent, consent),
        server.oauth.redeem(client, code, withCode.verifier),
        server.request('GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } }),
        server.request('POST', '/introspect', { headers, form: { token } }),
        server.request('POST', '/revoke', { headers, form: { token } }),
        server.request('POST', '/login?realm=main', asAlice),
        server.admin.request('GET', '/admin/realm'),
        server.admin.request('POST', '/admin/realm/main/user', { json: { username: 'not-now' } }),
        server.admin.request('GET', '/sessions/realms/main'),
      ])
      for (const answer of answers) assertUnavailable(answer)
      await mend()

      const shown = await arrive(atLogin.browser, await signIn(atLogin))
      assert.deepEqual(shown.buttons.toSorted(), ['consent-allow', 'consent-deny'])
      assert.notEqual(codeIn(await allow(atConsent, consent)), '')
      const redeemed = await server.oauth.redeem(client, code, withCode.verifier)
      assert.equal(redeemed.status, 200, redeemed.body)
      const authorization = `Bearer ${token}`
      assert.equal((await server.request('GET', '/userinfo', { headers: { authorization } })).status, 200)
      assert.equal((await server.request('POST', '/login?realm=main', asAlice)).status, 200)
      assert.equal((await server.admin.request('GET', '/admin/realm/main/user/not-now')).status, 404)
    })
})
