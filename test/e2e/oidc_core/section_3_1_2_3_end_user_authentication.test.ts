import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { csrfToken } from '../../../src/authorization/csrf_token.ts'
import {
  type AuthorizationStage,
  openAuthorizationStage,
  responseOf,
  type Shown,
} from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const beginLogin = async (extra: Record<string, string> = {}): Promise<{ browser: Browser; login: Shown }> => {
  const browser = stage.server.browser()
  return { browser, login: await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent', ...extra })) }
}

const credentials = () => ({ username: alice.username, password: alice.password })

const assertErrorPage = (answer: Answer, status: number, code: string): void => {
  assert.equal(answer.status, status)
  assert.equal(errorCodeOf(answer.body), code)
  assert.equal(answer.headers.location, undefined)
}

describe('T-AC-04 OpenID Connect Core §3.1.2.3 – the pages belong to the browser in which the request began', () => {
  test('whoever has only the address sees an error, in every step of the way', async () => {
    const { browser, login } = await beginLogin()
    const thief = stage.server.browser()
    assertErrorPage(await thief.request('GET', login.url), 400, 'invalid_request')
    assertErrorPage(await stage.submit(thief, login, credentials()), 400, 'invalid_request')
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    assertErrorPage(await thief.request('GET', login.url), 400, 'invalid_request')
    assertErrorPage(await stage.submit(thief, consent, { decision: 'allow' }), 400, 'invalid_request')
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })

  test('another browser of a person who is signed in cannot go on with it either', async () => {
    const { login } = await beginLogin()
    const victim = await stage.signedInBrowser(alice, client)
    assertErrorPage(await victim.request('GET', login.url), 400, 'invalid_request')
  })

  test('T-SE-12 a browser whose cookie comes twice is nobody', async () => {
    const { browser, login } = await beginLogin()
    const pair = `__Host-interaction.main=${browser.jar.get('__Host-interaction.main')}`
    const answer = await stage.server.request('GET', login.url, { cookie: `${pair}; ${pair}` })
    assertErrorPage(answer, 400, 'invalid_request')
  })

  test('an unknown address is answered like a foreign one', async () => {
    const { browser, login } = await beginLogin()
    const foreign = await stage.server.browser().request('GET', login.url)
    for (const id of ['x', 'a'.repeat(43), 'a'.repeat(500)]) {
      const answer = await browser.request('GET', `/interaction/${id}`)
      assertErrorPage(answer, 400, 'invalid_request')
      const strip = (body: string): string => body.replace(/<code id="request-id">[^<]*/, '')
      assert.equal(strip(answer.body), strip(foreign.body))
    }
    for (const id of ['%00', '..%2f..', "'"])
      assertErrorPage(await browser.request('GET', `/interaction/${id}`), 400, 'invalid_request')
  })

  test('T-PA-05 the cookie holds an opaque secret, and nothing of the request', async () => {
    const { browser } = await beginLogin()
    assert.deepEqual([...browser.jar.keys()], ['__Host-interaction.main'])
    assert.match(browser.jar.get('__Host-interaction.main') ?? '', /^[A-Za-z0-9_-]{43}$/)
  })

  test('T-SE-12 the cookies are host-only, Secure, HttpOnly and SameSite=Lax', async () => {
    const { browser, login } = await beginLogin()
    const first = await stage.authorize(stage.server.browser(), stage.parametersFor(client))
    const signedIn = await stage.submit(browser, login, credentials())
    const [interaction = '', sso = ''] = [first, signedIn].map(({ headers }) => headers['set-cookie']?.[0])
    for (const cookie of [interaction, sso]) {
      assert.match(cookie, /^__Host-(interaction|sso)\.main=/)
      for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']) assert.ok(cookie.includes(attribute))
      assert.doesNotMatch(cookie, /Domain/i)
    }
    assert.match(sso, /Max-Age=28800/)
  })

  test('several requests of one browser wait side by side', async () => {
    const { browser, login } = await beginLogin({ prompt: '' })
    const second = await stage.begin(browser, stage.parametersFor(client, { state: 'second', prompt: 'consent' }))
    assert.notEqual(second.url, login.url)
    const consent = await stage.arrive(browser, await stage.signIn(browser, second, alice))
    assert.equal(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).get('state'), 'second')
    assert.equal(responseOf(await browser.request('GET', login.url)).get('state'), 'af0ifjsldkj')
  })
})

describe('T-CS-01 Fetch §3.2 and Fetch Metadata §2.3 – nobody is signed in by a page of another site', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
  ]
  for (const headers of foreign) {
    test(`a form with ${JSON.stringify(headers)} is forbidden, though its token is right`, async () => {
      const { browser, login } = await beginLogin()
      assertErrorPage(await stage.submit(browser, login, credentials(), { headers }), 403, 'forbidden')
      assert.equal(browser.jar.has('__Host-sso.main'), false)
    })
  }

  for (const [what, csrf] of [
    ['without a token', ''],
    ['with an invented token', 'a'.repeat(43)],
  ] as const) {
    test(`a form ${what} is forbidden`, async () => {
      const { browser, login } = await beginLogin()
      assertErrorPage(await stage.submit(browser, login, { ...credentials(), csrf }), 403, 'forbidden')
    })
  }

  test('T-CS-06 a form with the token of another request is forbidden', async () => {
    const { browser, login } = await beginLogin()
    const other = await stage.begin(browser, stage.parametersFor(client))
    const csrf = other.form.fields.csrf ?? ''
    assertErrorPage(await stage.submit(browser, login, { ...credentials(), csrf }), 403, 'forbidden')
  })

  test('a form that a browser without a referrer sends from our own page passes', async () => {
    const { browser, login } = await beginLogin()
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' }
    assert.equal((await stage.submit(browser, login, credentials(), { headers })).status, 303)
  })
})

describe('T-SE-05 OpenID Connect Core §3.1.2.3 – no step can be skipped', () => {
  test('consent before anybody signed in leads back to the page', async () => {
    const { browser, login } = await beginLogin()
    const answer = await browser.request('POST', `${login.url}/consent`, {
      form: { decision: 'allow', csrf: login.form.fields.csrf ?? '' },
      headers: { origin: stage.origin },
    })
    assert.equal(answer.headers.location, login.url)
  })

  test('a login without a name or a password shows the page again', async () => {
    const { browser, login } = await beginLogin()
    const incomplete: Record<string, string>[] = [
      {},
      { username: 'alice' },
      { password: alice.password },
      { username: 'alice', password: '' },
    ]
    for (const fields of incomplete) {
      const answer = await stage.submit(browser, login, fields)
      assert.equal(answer.status, 200)
      assert.match(answer.body, /id="login"/)
      assert.equal(browser.jar.has('__Host-sso.main'), false)
    }
  })

  test('the addresses of forms take nothing but a form by POST', async () => {
    const { browser, login } = await beginLogin()
    for (const step of ['login', 'consent', 'password']) {
      assert.equal((await browser.request('GET', `${login.url}/${step}`)).status, 405)
      assert.equal(
        (await browser.request('POST', `${login.url}/${step}`, { json: {}, headers: { origin: stage.origin } })).status,
        415,
      )
    }
  })
})

describe('OpenID Connect Core §3.1.2.3 – a wrong password', () => {
  test('shows the same page again with one message, whoever it was said to be, and keeps the name', async () => {
    const { browser, login } = await beginLogin()
    const messages: string[] = []
    for (const username of ['alice', 'nobody', '"><b>x']) {
      const answer = await stage.submit(browser, login, { username, password: 'not the passphrase' })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['cache-control'], 'no-store')
      const shown = await stage.arrive(browser, answer)
      assert.equal(shown.form.fields.username, username)
      assert.equal(shown.form.fields.password, '')
      messages.push(/role="alert"[^>]*>([^<]*)/.exec(answer.body)?.[1] ?? '')
    }
    assert.equal(new Set(messages).size, 1)
    assert.notEqual(messages[0], '')
  })

  test('can be followed by the right one on the same page', async () => {
    const { browser, login } = await beginLogin()
    await stage.submit(browser, login, { username: 'alice', password: 'not the passphrase' })
    assert.equal((await stage.submit(browser, login, credentials())).headers.location, login.url)
  })
})

describe('OWASP ASVS 6.2.2 – an expired password', () => {
  const expire = async (username: string): Promise<Person> => {
    const person = await stage.addUser(username)
    const user = await stage.realm.users.find(person.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, changePassword: true })
    return person
  }

  const allowExpired = async (isAllowed: boolean): Promise<void> => {
    const realm = await stage.server.deps.realms.open('main')
    assert.ok(realm)
    const settings = {
      ...realm.settings,
      auth_params: { ...realm.settings.auth_params, username_password_params: { allow_expired_passwords: isAllowed } },
    }
    await stage.server.store.realms.update('main', settings, Date.now())
    stage.server.deps.realms.forget('main')
  }

  test('is password_expired where the realm does not let people change it', async () => {
    await allowExpired(false)
    const person = await expire('carol')
    const { browser, login } = await beginLogin()
    const answer = await stage.submit(browser, login, { username: person.username, password: person.password })
    assertErrorPage(answer, 403, 'password_expired')
    assert.equal(browser.jar.has('__Host-sso.main'), false)
  })

  test('is changed on a page where the realm lets people do so, and the request goes on', async () => {
    await allowExpired(true)
    const person = await expire('dave')
    const { browser, login } = await beginLogin()
    const answer = await stage.submit(browser, login, { username: person.username, password: person.password })
    assert.equal(browser.jar.has('__Host-sso.main'), false)
    const change = await stage.arrive(browser, answer)
    assert.deepEqual(change.form.buttons, ['change'])
    const next = 'another passphrase of the tests 8'
    const current = { current_password: person.password }
    const refused: [string, Record<string, string>][] = [
      ['wrong current password', { current_password: 'not it', new_password: next, new_password_again: next }],
      ['two different new ones', { ...current, new_password: next, new_password_again: `${next}x` }],
      ['a short one', { ...current, new_password: 'short', new_password_again: 'short' }],
      ['the same one', { ...current, new_password: person.password, new_password_again: person.password }],
    ]
    for (const [what, fields] of refused) {
      const again = await stage.arrive(browser, await stage.submit(browser, change, fields))
      assert.deepEqual(again.form.buttons, ['change'], what)
      assert.equal(browser.jar.has('__Host-sso.main'), false)
    }
    const changed = await stage.submit(browser, change, { ...current, new_password: next, new_password_again: next })
    assert.equal(changed.headers.location, login.url)
    const consent = await stage.arrive(browser, changed)
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })

  test('T-SE-04 its page takes nobody who has not just typed the expired one', async () => {
    await allowExpired(true)
    const { browser, login } = await beginLogin()
    const answer = await browser.request('POST', `${login.url}/password`, {
      form: {
        csrf: login.form.fields.csrf ?? '',
        username: 'alice',
        current_password: alice.password,
        new_password: 'another passphrase of the tests 8',
        new_password_again: 'another passphrase of the tests 8',
      },
      headers: { origin: stage.origin },
    })
    // Back to what is next, which is still the sign-in; the password is the old one.
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, login.url)
    assert.equal(browser.jar.has('__Host-sso.main'), false)
    const again = await stage.arrive(browser, answer)
    assert.deepEqual(again.form.buttons, ['login'])
    const signedIn = await stage.submit(browser, again, { username: 'alice', password: alice.password })
    assert.equal(signedIn.headers.location, login.url)
  })
})

describe('T-SE-04 OWASP ASVS 6.2.2 – whoever owns the browser knows its secret, and can make any token of its forms', () => {
  const NEXT = 'another passphrase of the tests 8'

  const allowExpired = async (isAllowed: boolean): Promise<void> => {
    const { realms, store } = stage.server.deps
    const realm = await realms.open('main')
    assert.ok(realm)
    const auth_params = { username_password_params: { allow_expired_passwords: isAllowed } }
    await store.realms.update('main', { ...realm.settings, auth_params }, Date.now())
    realms.forget('main')
  }

  /** Straight to the form's address, with the token for `about`: whatever the server may bind it to. */
  const post = async (
    username: string,
    about: string,
    password: string,
  ): Promise<{ answer: Answer; browser: Browser }> => {
    const { browser, login } = await beginLogin()
    const secret = browser.jar.get('__Host-interaction.main') ?? ''
    const answer = await browser.request('POST', `${login.url}/password`, {
      form: {
        csrf: csrfToken(secret, ['password', login.url.split('/').at(-1) ?? '', about]),
        username,
        current_password: password,
        new_password: NEXT,
        new_password_again: NEXT,
      },
      headers: { origin: stage.origin },
    })
    return { answer, browser }
  }

  test('an expired password is not changed where the realm does not let people change it', async () => {
    await allowExpired(false)
    const person = await stage.addUser('erin')
    const user = await stage.realm.users.find(person.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, changePassword: true })
    for (const about of [person.id, person.username, '']) {
      const { answer, browser } = await post(person.username, about, person.password)
      assert.ok(
        answer.status === 403 || String(answer.headers.location).startsWith(`${stage.server.issuer}/interaction/`),
      )
      assert.equal(browser.jar.has('__Host-sso.main'), false)
    }
    assert.equal((await stage.realm.users.find(person.id))?.passwordHash, user.passwordHash)
  })

  test('T-BF-01 the answer does not tell whether there is a user of that name', async () => {
    await allowExpired(true)
    const without = (body: string): string => body.replace(/value="[^"]*"|<code[^>]*>[^<]*|interaction\/[^"]*/g, '')
    for (const aboutOf of [(username: string) => username, () => '']) {
      const answers = []
      for (const username of ['alice', 'ALICE', 'nobody-1', 'NOBODY-1'])
        answers.push((await post(username, aboutOf(username.toLowerCase()), 'not the passphrase')).answer)
      const shown = answers.map(({ status, body }) => `${status} ${without(body).replaceAll(/alice|nobody-1/gi, '')}`)
      assert.equal(new Set(shown).size, 1)
    }
  })

  test('T-BF-03 a wrong current password leaves one event, like a wrong password at the login', async () => {
    await allowExpired(true)
    const person = await stage.addUser('frank')
    const user = await stage.realm.users.find(person.id)
    assert.ok(user)
    await stage.realm.users.update({ ...user, changePassword: true })
    const { browser, login } = await beginLogin()
    const { username, password } = person
    const change = await stage.arrive(browser, await stage.submit(browser, login, { username, password }))
    const failures = async () =>
      (await stage.realm.audit.list({ limit: 200 })).items.filter(
        ({ type, target }) => type === 'auth_failure' && target === person.id,
      ).length
    const before = await failures()
    await stage.submit(browser, change, { current_password: 'not it', new_password: NEXT, new_password_again: NEXT })
    assert.equal(await failures(), before + 1)
  })
})

test('OpenID Connect Core §3.1.2.3 – the pages are ours alone: no frame, no referrer, no cache, no script', async () => {
  const { browser, login } = await beginLogin()
  const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
  const error = await browser.request('GET', '/interaction/x')
  for (const { headers } of [login.answer, consent.answer, error]) {
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /frame-ancestors 'none'/)
    assert.match(policy, /script-src 'none'/)
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cache-control'], 'no-store')
  }
})
