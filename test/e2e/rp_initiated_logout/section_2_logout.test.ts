import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { CODE_VERIFIER, REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

const RETURN_TO = 'https://app.example/signed-out'
const STATE = `${'-._~'.repeat(31)}abcd`

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let stage: AuthorizationStage
let alice: Person & { id: string }
let bob: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => Date.now() + ahead } })
  alice = await stage.addUser('alice')
  bob = await stage.addUser('bob')
  client = await stage.addClient()
})
after(() => stage.server.close())
afterEach(() => {
  ahead = 0
})

const signedIn = async (person: Person): Promise<{ browser: Browser; hint: string }> => {
  const browser = await stage.signedInBrowser(person, client)
  const code = responseOf(await stage.authorize(browser, stage.parametersFor(client))).get('code') ?? ''
  const answer = await stage.server.oauth.redeem(client, code, CODE_VERIFIER)
  return { browser, hint: answer.json<{ id_token: string }>().id_token }
}

const logout = (browser: Browser, parameters: Record<string, string> = {}): Promise<Answer> =>
  browser.request('GET', `/logout?${new URLSearchParams(parameters)}`)

/** By the secret that the browser had: whether the cookie is gone says nothing. */
const isSignedIn = async (cookie: string): Promise<boolean> => {
  const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
  return responseOf(await stage.server.request('GET', `/authorize?${query}`, { cookie })).has('code')
}

const isConfirmation = (answer: Answer): boolean => answer.status === 200 && answer.body.includes('id="sign-out"')

describe('RP-Initiated Logout §2 – an error page, and the person stays signed in', () => {
  const assertRefused = async (
    parameters: (hint: string) => Record<string, string> | Promise<Record<string, string>>,
  ) => {
    const { browser, hint } = await signedIn(alice)
    const cookie = browser.cookie()
    const answer = await logout(browser, await parameters(hint))
    assert.equal(answer.status, 400)
    assert.equal(errorCodeOf(answer.body), 'invalid_request')
    assert.equal(answer.headers.location, undefined)
    assert.ok(await isSignedIn(cookie))
  }

  for (const uri of [
    `${RETURN_TO}?x=y`,
    'https://app.example/signed-out/',
    'https://evil.example/',
    `${RETURN_TO}.evil.example`,
  ]) {
    test(`T-RU-04 for the address ${uri}, which is not registered`, () =>
      assertRefused((hint) => ({ id_token_hint: hint, post_logout_redirect_uri: uri })))
  }

  test('for a hint that was made into one with alg none', () =>
    assertRefused((hint) => {
      const claims = hint.split('.')[1]
      const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
      return { id_token_hint: `${header}.${claims}.`, post_logout_redirect_uri: RETURN_TO }
    }))

  test('for a hint of another client than client_id names', async () => {
    const other = await stage.addClient()
    await assertRefused((hint) => ({ id_token_hint: hint, client_id: other.client_id }))
  })
})

describe('T-SE-15 RP-Initiated Logout §2 – the person is asked first', () => {
  for (const [what, parameters] of [
    ['without any parameter', () => ({})],
    ['with a state alone', () => ({ state: STATE })],
    ['with an address that nobody vouches for', () => ({ post_logout_redirect_uri: RETURN_TO })],
    ['with client_id and no hint', () => ({ client_id: client.client_id, post_logout_redirect_uri: RETURN_TO })],
  ] as [string, () => Record<string, string>][]) {
    test(what, async () => {
      const { browser } = await signedIn(alice)
      const cookie = browser.cookie()
      assert.ok(isConfirmation(await logout(browser, parameters())))
      assert.ok(await isSignedIn(cookie))
    })
  }

  test('with a hint of somebody else', async () => {
    const { hint } = await signedIn(bob)
    const { browser } = await signedIn(alice)
    assert.ok(isConfirmation(await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: RETURN_TO })))
  })

  test('and a form of another site, or without its token, does not answer for the person', async () => {
    const { browser } = await signedIn(alice)
    const cookie = browser.cookie()
    const page = await stage.arrive(browser, await logout(browser))
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign) {
      assert.equal((await stage.submit(browser, page, {}, { headers })).status, 403)
    }
    assert.equal((await stage.submit(browser, page, { csrf: '' })).status, 403)
    assert.ok(await isSignedIn(cookie))
  })

  test('and is signed out on yes, to a page that says so', async () => {
    const { browser } = await signedIn(alice)
    const cookie = browser.cookie()
    const page = await stage.arrive(browser, await logout(browser, { state: STATE }))
    const answer = await stage.submit(browser, page, {})
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, `${stage.server.issuer}/signed-out`)
    assert.equal((await browser.request('GET', '/signed-out')).status, 200)
    assert.equal(browser.jar.has('__Host-sso.main'), false)
    assert.equal(await isSignedIn(cookie), false)
  })

  test('RP-Initiated Logout §3 and on yes returns to the client that it was told of', async () => {
    const { browser } = await signedIn(alice)
    const parameters = { client_id: client.client_id, post_logout_redirect_uri: RETURN_TO, state: 'a b' }
    const page = await stage.arrive(browser, await logout(browser, parameters))
    assert.match(page.answer.body, /Photo Printer/)
    assert.equal((await stage.submit(browser, page, {})).headers.location, `${RETURN_TO}?state=a+b`)
  })
})

describe('RP-Initiated Logout §2 – a hint of who is signed in ends the session at once', () => {
  test('RP-Initiated Logout §3 and returns to the client with the state and nothing else', async () => {
    const { browser, hint } = await signedIn(alice)
    const cookie = browser.cookie()
    const answer = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: RETURN_TO, state: STATE })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, `${RETURN_TO}?${new URLSearchParams({ state: STATE })}`)
    assert.equal(await isSignedIn(cookie), false)
    const silent = await stage.authorize(browser, stage.parametersFor(client, { prompt: 'none' }))
    assert.equal(responseOf(silent, REDIRECT_URI).get('error'), 'login_required')
    const { items } = await stage.realm.audit.list({ limit: 5 })
    assert.ok(items.some(({ type, principal }) => type === 'logout' && principal === 'alice'))
  })

  test('without a state, and without an address', async () => {
    const first = await signedIn(alice)
    const answer = await logout(first.browser, { id_token_hint: first.hint, post_logout_redirect_uri: RETURN_TO })
    assert.equal(answer.headers.location, RETURN_TO)
    const second = await signedIn(alice)
    const stays = await logout(second.browser, { id_token_hint: second.hint })
    assert.equal(stays.headers.location, `${stage.server.issuer}/signed-out`)
  })

  test('RP-Initiated Logout §4 when the hint has expired as well', async () => {
    const { browser, hint } = await signedIn(alice)
    ahead = 1_000_000
    const answer = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: RETURN_TO })
    assert.equal(answer.headers.location, RETURN_TO)
  })

  test('when it comes as a form of another site, to which the browser adds no cookie', async () => {
    const { browser, hint } = await signedIn(alice)
    const cookie = browser.cookie()
    const form = { id_token_hint: hint, post_logout_redirect_uri: RETURN_TO, state: 's' }
    const headers = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }
    const posted = await stage.server.request('POST', '/logout', { form, headers })
    assert.equal(posted.status, 303)
    const answer = await browser.request('GET', posted.headers.location ?? '')
    assert.equal(answer.headers.location, `${RETURN_TO}?state=s`)
    assert.equal(await isSignedIn(cookie), false)
  })

  test('and one for a session that is over already returns all the same', async () => {
    const { hint } = await signedIn(alice)
    const answer = await logout(stage.server.browser(), { id_token_hint: hint, post_logout_redirect_uri: RETURN_TO })
    assert.equal(answer.headers.location, RETURN_TO)
  })
})

test('RP-Initiated Logout §3 – nobody who is not signed in is sent anywhere without a hint', async () => {
  const parameters = { client_id: client.client_id, post_logout_redirect_uri: RETURN_TO }
  const answer = await logout(stage.server.browser(), parameters)
  assert.equal(answer.headers.location, `${stage.server.issuer}/signed-out`)
})

test('RP-Initiated Logout §2 – what is posted as JSON is the logout of the API, with its errors in JSON', async () => {
  const answer = await stage.server.request('POST', '/logout', { json: {} })
  assert.equal(answer.status, 400)
  assert.equal(answer.json().error, 'invalid_request')
  assert.equal((await stage.server.request('POST', '/logout?realm=main', { json: {} })).status, 204)
  assert.equal((await stage.server.request('POST', '/logout?realm=main')).status, 204)
})
