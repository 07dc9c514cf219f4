import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import { CODE_VERIFIER } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'

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

const tokensOf = async (answer: Answer): Promise<TokenAnswer> => {
  const code = responseOf(answer).get('code') ?? ''
  const token = await stage.server.oauth.redeem(client, code, CODE_VERIFIER)
  assert.equal(token.status, 200, token.body)
  return token.json<TokenAnswer>()
}

const ask = (browser: Browser, extra: Record<string, string> = {}): Promise<Answer> =>
  stage.authorize(browser, stage.parametersFor(client, extra))

const errorOf = (answer: Answer): string | null => responseOf(answer).get('error')

/** The answer of a person who goes through every page, and what those pages were. */
const go = async (browser: Browser, first: Answer, person: Person): Promise<{ answer: Answer; pages: string[] }> => {
  const pages: string[] = []
  let answer = first
  while ((answer.headers.location ?? '').startsWith(stage.server.issuer)) {
    const shown = await browser.request('GET', answer.headers.location ?? '')
    if (shown.headers.location !== undefined) {
      answer = shown
      continue
    }
    const page = await stage.arrive(browser, shown)
    pages.push(page.form.buttons.join())
    const { username, password } = person
    const fields: Record<string, string> = page.form.buttons.includes('login')
      ? { username, password }
      : { decision: 'allow' }
    answer = await stage.submit(browser, page, fields)
  }
  return { answer, pages }
}

const hintFor = async (person: Person): Promise<string> => {
  const browser = stage.server.browser()
  return (await tokensOf((await go(browser, await ask(browser), person)).answer)).id_token
}

const LOGIN = 'login'
const CONSENT = 'consent-deny,consent-allow'

describe('OpenID Connect Core §3.1.2.6 – prompt=none', () => {
  test('is login_required when nobody is signed in', async () => {
    assert.equal(errorOf(await ask(stage.server.browser(), { prompt: 'none' })), 'login_required')
  })

  test('T-CS-08 is consent_required when the person has not allowed it, or less of it', async () => {
    const browser = await stage.signedInBrowser(alice, client, { scope: 'openid' })
    const other = await stage.addClient()
    const unknown = await stage.authorize(browser, stage.parametersFor(other, { prompt: 'none' }))
    assert.equal(responseOf(unknown).get('error'), 'consent_required')
    assert.equal(errorOf(await ask(browser, { prompt: 'none', scope: 'openid profile' })), 'consent_required')
  })

  test('is login_required when max_age has passed, or another person is expected', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    ahead = 20_000
    assert.equal(errorOf(await ask(browser, { prompt: 'none', max_age: '10' })), 'login_required')
    const hint = await hintFor(bob)
    assert.equal(errorOf(await ask(browser, { prompt: 'none', id_token_hint: hint })), 'login_required')
  })

  test('T-SE-09 is login_required as soon as the user is disabled or gone', async () => {
    const carol = await stage.addUser('carol')
    const browser = await stage.signedInBrowser(carol, client)
    assert.ok(responseOf(await ask(browser, { prompt: 'none' })).has('code'))
    const user = await stage.realm.users.find(carol.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, enabled: false })
    assert.equal(errorOf(await ask(browser, { prompt: 'none' })), 'login_required')
    await stage.realm.users.delete(carol.id)
    assert.equal(errorOf(await ask(browser, { prompt: 'none' })), 'login_required')
  })

  test('is answered silently, and shows no page, after the person signed in and allowed it once', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const answer = await ask(browser, { prompt: 'none' })
    assert.ok(responseOf(answer).has('code'))
    assert.equal(answer.headers['set-cookie'], undefined)
  })

  test('T-IS-08 is login_required in another realm, whose cookie this is not', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const now = Date.now()
    await stage.server.store.realms.insert({
      id: 'other',
      settings: (await stage.server.deps.realms.open('main'))?.settings ?? assert.fail(),
      now,
    })
    const metadata = (await stage.realm.clients.find(client.client_id)) ?? assert.fail()
    await stage.server.store.realm('other').clients.insert({ ...metadata, realmId: 'other' })
    const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
    const answer = await browser.request('GET', `/realms/other/authorize?${query}`)
    assert.equal(errorOf(answer), 'login_required')
    assert.equal(responseOf(answer).get('iss'), `${stage.server.issuer}/realms/other`)
    const main = browser.jar.get('__Host-sso.main') ?? ''
    const planted = await stage.server.request('GET', `/realms/other/authorize?${query}`, {
      cookie: `__Host-sso.other=${main}`,
    })
    assert.equal(errorOf(planted), 'login_required')
  })

  test('is login_required for the cookie of the JSON API', async () => {
    const api = stage.server.browser()
    const login = await api.request('POST', '/login?realm=main', {
      headers: { authorization: `Basic ${Buffer.from(`${alice.username}:${alice.password}`).toString('base64')}` },
    })
    const secret = api.jar.get('__Host-session.main')
    assert.equal(login.status, 200)
    assert.ok(secret)
    const cookie = `__Host-session.main=${secret}; __Host-sso.main=${secret}`
    const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
    assert.equal(errorOf(await stage.server.request('GET', `/authorize?${query}`, { cookie })), 'login_required')
  })

  test('T-SE-11 is login_required for a session that may only change the password', async () => {
    const { deps, request } = stage.server
    const realm = await deps.realms.open('main')
    const user = await stage.realm.users.find(alice.id)
    assert.ok(realm && user)
    const how = { kind: 'sso', authScheme: 'up', amr: ['pwd'], ip: '192.0.2.1', userAgent: undefined } as const
    const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
    for (const restricted of [true, false]) {
      const { secret } = await deps.sessions.start({ ...how, realm, user, amr: ['pwd'], restricted })
      const answer = await request('GET', `/authorize?${query}`, { cookie: `__Host-sso.main=${secret}` })
      assert.equal(errorOf(answer) === 'login_required', restricted)
    }
  })
})

describe('OpenID Connect Core §3.1.2.1 – prompt', () => {
  test('login asks for the password though the person is signed in, and auth_time grows', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const before = decodeJwt((await tokensOf(await ask(browser))).id_token).auth_time as number
    const secret = browser.jar.get('__Host-sso.main')
    const { answer, pages } = await go(browser, await ask(browser, { prompt: 'login' }), alice)
    assert.deepEqual(pages, [LOGIN])
    const after = decodeJwt((await tokensOf(answer)).id_token).auth_time as number
    assert.ok(after > before, `${after} after ${before}`)
    assert.notEqual(browser.jar.get('__Host-sso.main'), secret)
  })

  test('T-SE-13 login ends the session that the browser had before', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const before = `__Host-sso.main=${browser.jar.get('__Host-sso.main')}`
    await go(browser, await ask(browser, { prompt: 'login' }), alice)
    const query = new URLSearchParams(stage.parametersFor(client, { prompt: 'none' }))
    const answer = await stage.server.request('GET', `/authorize?${query}`, { cookie: before })
    assert.equal(errorOf(answer), 'login_required')
  })

  test('login cannot be skipped by going back to the page', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const login = await stage.begin(browser, stage.parametersFor(client, { prompt: 'login' }))
    for (let n = 0; n < 3; n++) {
      const again = await stage.arrive(browser, await browser.request('GET', login.url))
      assert.deepEqual(again.form.buttons, ['login'])
    }
  })

  test('login is not satisfied by a sign-in for another request', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const first = await stage.begin(browser, stage.parametersFor(client, { prompt: 'login' }))
    const second = await stage.begin(browser, stage.parametersFor(client, { prompt: 'login' }))
    await stage.signIn(browser, second, alice)
    const still = await stage.arrive(browser, await browser.request('GET', first.url))
    assert.deepEqual(still.form.buttons, ['login'])
  })

  test('select_account lets another person sign in', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const { answer, pages } = await go(browser, await ask(browser, { prompt: 'select_account' }), bob)
    assert.equal(pages[0], LOGIN)
    assert.equal(decodeJwt((await tokensOf(answer)).id_token).sub, bob.id)
  })

  test('consent asks again, with offline_access as well', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const extra = { prompt: 'consent', scope: 'openid offline_access' }
    const { answer, pages } = await go(browser, await ask(browser, extra), alice)
    assert.deepEqual(pages, [CONSENT])
    assert.ok((await tokensOf(answer)).refresh_token)
  })

  test('login and consent asks for both', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const { pages } = await go(browser, await ask(browser, { prompt: 'login consent' }), alice)
    assert.deepEqual(pages, [LOGIN, CONSENT])
  })
})

describe('OpenID Connect Core §3.1.2.1 – max_age', () => {
  test('that has passed asks for the password, and the time to read a page does not count', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    ahead = 5_000
    const login = await stage.begin(browser, stage.parametersFor(client, { max_age: '1', prompt: 'consent' }))
    assert.deepEqual(login.form.buttons, ['login'])
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    ahead = 65_000
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })

  test('0 always asks', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const { pages } = await go(browser, await ask(browser, { max_age: '0' }), alice)
    assert.deepEqual(pages, [LOGIN])
  })

  test('that has not passed asks nothing, and the ID token says when the person signed in', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const answer = await ask(browser, { max_age: '10000' })
    const { auth_time: authTime } = decodeJwt((await tokensOf(answer)).id_token)
    assert.ok(Math.abs((authTime as number) - Date.now() / 1000) < 300)
  })

  test('OpenID Connect Registration §2 default_max_age stands in for it', async () => {
    const strict = await stage.addClient({ default_max_age: 10 })
    const browser = await stage.signedInBrowser(alice, strict)
    ahead = 20_000
    const answer = await stage.authorize(browser, stage.parametersFor(strict, { prompt: 'none' }))
    assert.equal(errorOf(answer), 'login_required')
  })
})

describe('OpenID Connect Core §3.1.2.1 – hints', () => {
  test('an id_token_hint of somebody else ends in login_required when the same person signs in again', async () => {
    const hint = await hintFor(bob)
    const browser = await stage.signedInBrowser(alice, client)
    const { answer, pages } = await go(browser, await ask(browser, { id_token_hint: hint }), alice)
    assert.deepEqual(pages, [LOGIN])
    assert.equal(errorOf(answer), 'login_required')
  })

  test('an id_token_hint of somebody else is satisfied when that person signs in', async () => {
    const hint = await hintFor(bob)
    const browser = await stage.signedInBrowser(alice, client)
    const { answer } = await go(browser, await ask(browser, { id_token_hint: hint }), bob)
    assert.ok(responseOf(answer).has('code'))
  })

  test('an id_token_hint that has expired counts, an access token in its place does not', async () => {
    const browser = stage.server.browser()
    const tokens = await tokensOf((await go(browser, await ask(browser), alice)).answer)
    ahead = 1_000_000
    assert.ok(responseOf(await ask(browser, { prompt: 'none', id_token_hint: tokens.id_token })).has('code'))
    const refused = await ask(browser, { prompt: 'none', id_token_hint: tokens.access_token })
    assert.equal(errorOf(refused), 'invalid_request')
  })

  test('a login_hint fills the form in, also one that names nobody', async () => {
    for (const hint of ['alice', 'nobody@example.com', '"><script>alert(1)</script>']) {
      const login = await stage.begin(stage.server.browser(), stage.parametersFor(client, { login_hint: hint }))
      assert.equal(login.form.fields.username, hint)
    }
  })

  test('ui_locales, claims_locales, display, acr_values and claims that nobody knows are no error', async () => {
    const extra = {
      ui_locales: 'xx-YY',
      claims_locales: 'xx',
      display: 'wap',
      acr_values: '1 2',
      claims: '{"userinfo":{}}',
    }
    const login = await stage.begin(stage.server.browser(), stage.parametersFor(client, extra))
    assert.deepEqual(login.form.buttons, ['login'])
  })
})

test('OpenID Connect Core §3.1.2.1 – an interaction that took too long is over, and says so', async () => {
  const browser = stage.server.browser()
  const login = await stage.begin(browser, stage.parametersFor(client))
  ahead = 600_000
  const answer = await stage.submit(browser, login, { username: alice.username, password: alice.password })
  assert.equal(answer.status, 400)
  assert.equal(errorCodeOf(answer.body), 'invalid_request')
})
