/** The pages that ask for a one-time code, and those on which a person sets it up. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type AuthorizationStage,
  openAuthorizationStage,
  responseOf,
  type Shown,
} from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { type App, createApp, wrongCode } from '../../support/totp.ts'

const MINUTE = 60_000

let stage: AuthorizationStage
let client: TestClient
let now = Date.now()
let people = 0

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => now } })
  client = await stage.addClient({ consent: 'skip' })
  await setRealm({ totp_params: { algorithm: 'SHA1', step: 30 } })
})
after(() => stage.server.close())

const setRealm = async (auth_params: Record<string, unknown>, rest: Record<string, unknown> = {}): Promise<void> => {
  const username_password_params = { allow_expired_passwords: true }
  await stage.server.admin.updateRealm('main', { auth_params: { username_password_params, ...auth_params }, ...rest })
}

type Enrolled = Person & { id: string; app: App; recoveryCodes: string[] }

const newPerson = (): Promise<Person & { id: string }> => stage.addUser(`person-${++people}`)

/** Somebody whose app an administrator has set up; a step later. */
const enrolled = async (): Promise<Enrolled> => {
  const person = await newPerson()
  const at = `/admin/realm/main/user/${person.username}/totp`
  const { secret_base32 } = (await stage.server.admin.request('POST', `${at}/generate`)).json<{
    secret_base32: string
  }>()
  const app = createApp(secret_base32)
  const answer = await stage.server.admin.request('POST', `${at}/verify`, {
    json: { secret: app.secret, token: app.code(now) },
  })
  now += 30_000
  return { ...person, app, recoveryCodes: answer.json<{ recovery_codes: string[] }>().recovery_codes }
}

const begin = async (browser: Browser): Promise<Shown> => await stage.begin(browser, stage.parametersFor(client))

/** From nothing to the page that asks for the code. */
const toCodePage = async ({ username, password }: Person): Promise<{ browser: Browser; login: Shown; page: Shown }> => {
  const browser = stage.server.browser()
  const login = await begin(browser)
  const page = await stage.arrive(browser, await stage.submit(browser, login, { username, password }))
  assert.deepEqual(page.form.buttons, ['verify'])
  return { browser, login, page }
}

const isSignedIn = (browser: Browser): boolean => browser.jar.has('__Host-sso.main')

const messageOf = (answer: Answer): string => /role="alert"[^>]*>([^<]*)/.exec(answer.body)?.[1] ?? ''

/** A browser that has just come from a login. */
const signedIn = async (person: Person): Promise<Browser> => await stage.signedInBrowser(person, client)

describe('T-SE-05 RFC 6238 §5.2 – the page that asks for the code', () => {
  test('the password alone signs nobody in', async () => {
    const { browser, login } = await toCodePage(await enrolled())
    assert.equal(isSignedIn(browser), false)
    const again = await browser.request('GET', login.url)
    assert.deepEqual(readForm(again.body)?.buttons, ['login'])
  })

  test('no code, a wrong one, a used one and an old one are refused, and the page asks again', async () => {
    const alice = await enrolled()
    const { browser, page } = await toCodePage(alice)
    for (const totp_code of ['', 'x', wrongCode(alice.app, now), alice.app.code(now, -1), alice.app.code(now, -3)]) {
      const answer = await stage.submit(browser, page, { totp_code })
      assert.equal(answer.status, 200)
      assert.match(messageOf(answer), /not right/)
      assert.equal(isSignedIn(browser), false)
    }
  })

  test('without the token of the page, or with that of another page, no code is looked at', async () => {
    const alice = await enrolled()
    const { browser, login, page } = await toCodePage(alice)
    for (const csrf of ['', 'x', login.form.fields.csrf ?? '']) {
      const answer = await stage.submit(browser, page, { csrf, totp_code: alice.app.code(now) })
      assert.deepEqual([answer.status, errorCodeOf(answer.body)], [403, 'forbidden'])
    }
    assert.equal(isSignedIn(browser), false)
  })

  test('the form of another site is refused', async () => {
    const alice = await enrolled()
    const { browser, page } = await toCodePage(alice)
    const options = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } }
    const answer = await stage.submit(browser, page, { totp_code: alice.app.code(now) }, options)
    assert.deepEqual([answer.status, errorCodeOf(answer.body)], [403, 'forbidden'])
  })

  test('T-SE-01 another browser cannot bring the code', async () => {
    const alice = await enrolled()
    const { page } = await toCodePage(alice)
    const answer = await stage.submit(stage.server.browser(), page, { totp_code: alice.app.code(now) })
    assert.deepEqual([answer.status, errorCodeOf(answer.body)], [400, 'invalid_request'])
  })

  test('T-SE-05 a code without a password before it leads back to the login page', async () => {
    const alice = await enrolled()
    const { page } = await toCodePage(alice)
    // The token of the code page, in a browser that knows how to make it and gave no password.
    const { browser: mallory, login, page: own } = await toCodePage(await enrolled())
    await stage.submit(mallory, login, { username: alice.username, password: 'a wrong password' })
    await stage.realm.interactions.rememberFirstFactor(login.url.split('/').at(-1) ?? '', undefined, now)
    const answer = await stage.submit(mallory, own, { totp_code: alice.app.code(now) })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, login.url)
    assert.equal(isSignedIn(mallory), false)
    assert.ok(page)
  })

  test('five minutes after the password the code comes too late', async () => {
    const alice = await enrolled()
    const { browser, login, page } = await toCodePage(alice)
    now += 5 * MINUTE + 1
    const answer = await stage.submit(browser, page, { totp_code: alice.app.code(now) })
    assert.deepEqual([answer.status, answer.headers.location], [303, login.url])
    assert.equal(isSignedIn(browser), false)
  })

  test('who was disabled in between is not signed in', async () => {
    const alice = await enrolled()
    const { browser, page } = await toCodePage(alice)
    const at = `/admin/realm/main/user/${alice.username}`
    await stage.server.admin.request('PUT', at, { json: { enabled: false } })
    await stage.submit(browser, page, { totp_code: alice.app.code(now) })
    assert.equal(isSignedIn(browser), false)
  })

  test('T-BF-04 after ten wrong codes the page says to wait, and the right code waits too', async () => {
    const alice = await enrolled()
    const { browser, page } = await toCodePage(alice)
    for (let guess = 0; guess < 10; guess++) await stage.submit(browser, page, { totp_code: wrongCode(alice.app, now) })
    const answer = await stage.submit(browser, page, { totp_code: alice.app.code(now) })
    assert.equal(answer.status, 429)
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
    assert.match(messageOf(answer), /Wait/)
    assert.equal(isSignedIn(browser), false)
  })

  test('T-BF-05 the same code sent twice at the same time signs in once', async () => {
    const alice = await enrolled()
    const ways = [await toCodePage(alice), await toCodePage(alice)]
    const totp_code = alice.app.code(now)
    await Promise.all(ways.map(({ browser, page }) => stage.submit(browser, page, { totp_code })))
    assert.equal(ways.filter(({ browser }) => isSignedIn(browser)).length, 1)
  })

  test('the right code leads to the client, and the session says how it began: RFC 8176 §2', async () => {
    const alice = await enrolled()
    const { browser, page } = await toCodePage(alice)
    const code = alice.app.code(now).replace(/^.../, '$& ')
    const answer = await stage.submit(browser, page, { totp_code: ` ${code} ` })
    assert.equal(isSignedIn(browser), true)
    assert.ok(responseOf(await browser.request('GET', answer.headers.location ?? '')).has('code'))
    const sessions = await stage.server.deps.sessions.list('main', { limit: 100 })
    const session = sessions.items.find(({ username }) => username === alice.username)
    assert.equal(session?.authScheme, 'up+totp')
    assert.deepEqual(session?.amr, ['pwd', 'otp', 'mfa'])
  })

  test('T-BF-15 a recovery code does as well, once', async () => {
    const alice = await enrolled()
    for (const isGood of [true, false]) {
      const { browser, page } = await toCodePage(alice)
      const { totp_code: _code, ...fields } = page.form.fields
      const answer = await browser.request('POST', page.form.action, {
        form: { ...fields, recovery_code: alice.recoveryCodes[3] ?? '' },
        headers: { origin: stage.origin },
      })
      assert.equal(answer.status, isGood ? 303 : 200)
      assert.equal(isSignedIn(browser), isGood)
    }
  })

  test('T-SE-04 T-SE-08 an expired password is changed after the code and not before', async () => {
    const alice = await enrolled()
    const at = `/admin/realm/main/user/${alice.username}`
    await stage.server.admin.request('PUT', at, { json: { change_password: true } })
    const { browser, page } = await toCodePage(alice)
    const change = await stage.arrive(browser, await stage.submit(browser, page, { totp_code: alice.app.code(now) }))
    assert.deepEqual(change.form.buttons, ['change'])
    assert.equal(isSignedIn(browser), false)
    const next = 'quite another passphrase 8'
    await stage.submit(browser, change, {
      current_password: alice.password,
      new_password: next,
      new_password_again: next,
    })
    assert.equal(isSignedIn(browser), true)
  })
})

describe('T-SE-08 a person sets up one-time codes', () => {
  const open = async (browser: Browser): Promise<Answer> => await browser.request('GET', '/account/totp')
  const shown = async (browser: Browser): Promise<Shown> => {
    const answer = await open(browser)
    return { url: '/account/totp', answer, form: readForm(answer.body) ?? assert.fail(answer.body) }
  }
  const secretIn = ({ form }: Shown): string => form.fields.secret ?? assert.fail('no secret')
  const codesIn = ({ body }: Answer): string[] => [...body.matchAll(/<li><code>([^<]+)/g)].map(([, code = '']) => code)

  /** By the page; a step later. */
  const enrol = async () => {
    const person = await newPerson()
    const browser = await signedIn(person)
    const page = await shown(browser)
    const app = createApp(secretIn(page))
    const answer = await stage.submit(browser, page, { totp_code: app.code(now), action: 'enable' })
    assert.equal(answer.status, 200, answer.body)
    now += 30_000
    return { person: { ...person, totpCode: () => app.code(now) }, browser, app, codes: codesIn(answer) }
  }

  const isEnabled = async ({ id }: { id: string }) => (await stage.realm.totpCredentials.find(id)) !== undefined

  test('nobody is asked nothing: without a session, and with one of the JSON API', async () => {
    const answer = await open(stage.server.browser())
    assert.equal(answer.status, 403)
    assert.match(answer.body, /Nobody is signed in/)
    assert.equal(readForm(answer.body), undefined)
  })

  test('who signed in more than five minutes ago has to do so again, before the page and before each change', async () => {
    const person = await newPerson()
    const browser = await signedIn(person)
    const page = await shown(browser)
    now += 5 * MINUTE + 1000
    assert.equal((await open(browser)).status, 403)
    const app = createApp(secretIn(page))
    const answer = await stage.submit(browser, page, { totp_code: app.code(now), action: 'enable' })
    assert.equal(answer.status, 403)
    assert.match(answer.body, /Sign in again/)
    assert.equal(await isEnabled(person), false)
  })

  test('a wrong code enables nothing, and the page keeps the secret', async () => {
    const person = await newPerson()
    const browser = await signedIn(person)
    const page = await shown(browser)
    const app = createApp(secretIn(page))
    for (const totp_code of ['', wrongCode(app, now), app.code(now, -3)]) {
      const answer = await stage.submit(browser, page, { totp_code, action: 'enable' })
      assert.equal(answer.status, 422)
      assert.match(messageOf(answer), /not right/)
      assert.equal(readForm(answer.body)?.fields.secret, app.secret)
    }
    assert.equal(await isEnabled(person), false)
  })

  test('a secret that another page, person or site brings along is refused', async () => {
    const person = await newPerson()
    const browser = await signedIn(person)
    const [page, other] = [await shown(browser), await shown(browser)]
    const app = createApp(secretIn(other))
    const mixed = { secret: app.secret, totp_code: app.code(now), action: 'enable' }
    const victim = await signedIn(await newPerson())
    const foreign = { headers: { origin: 'https://evil.example' } }
    for (const answer of [
      await stage.submit(browser, page, mixed),
      await stage.submit(victim, other, mixed),
      await stage.submit(browser, other, { ...mixed, csrf: '' }),
      await stage.submit(browser, other, mixed, foreign),
    ])
      assert.deepEqual([answer.status, errorCodeOf(answer.body)], [403, 'forbidden'])
    assert.equal(await isEnabled(person), false)
    const nothing = await stage.submit(browser, other, { totp_code: app.code(now) })
    assert.deepEqual([nothing.status, errorCodeOf(nothing.body)], [400, 'invalid_request'])
  })

  test('without totp_params in the realm there is nothing to set up', async () => {
    const browser = await signedIn(await newPerson())
    await setRealm({})
    try {
      const answer = await open(browser)
      assert.deepEqual([answer.status, errorCodeOf(answer.body)], [409, 'conflict'])
    } finally {
      await setRealm({ totp_params: { algorithm: 'SHA1', step: 30 } })
    }
  })

  test('a right code switches them on; the next sign-in asks for one, and the codes for recovery are ten', async () => {
    const { person, codes } = await enrol()
    assert.equal(new Set(codes).size, 10)
    const { browser } = await toCodePage(person)
    assert.equal(isSignedIn(browser), false)
    assert.equal(isSignedIn(await signedIn(person)), true)
  })

  test('the page of a set-up app offers no other one, and its form sent again neither', async () => {
    const person = await newPerson()
    const browser = await signedIn(person)
    const [page, late] = [await shown(browser), await shown(browser)]
    const first = createApp(secretIn(page))
    await stage.submit(browser, page, { totp_code: first.code(now), action: 'enable' })
    const second = createApp(secretIn(late))
    const answer = await stage.submit(browser, late, { totp_code: second.code(now), action: 'enable' })
    assert.deepEqual([answer.status, errorCodeOf(answer.body)], [409, 'conflict'])
    assert.deepEqual((await shown(browser)).form.buttons, ['replace-recovery-codes', 'disable'])
  })

  test('they go off with a code that counts now, and with nothing else', async () => {
    const { person, browser, app } = await enrol()
    const page = await shown(browser)
    for (const totp_code of ['', wrongCode(app, now), app.code(now, -1)]) {
      const answer = await stage.submit(browser, page, { totp_code, action: 'disable' })
      assert.equal(answer.status, 422)
      assert.match(messageOf(answer), /not right/)
    }
    assert.equal(
      (await stage.submit(browser, page, { totp_code: app.code(now), action: 'disable', csrf: 'x' })).status,
      403,
    )
    assert.equal(await isEnabled(person), true)
    const answer = await stage.submit(browser, page, { totp_code: app.code(now), action: 'disable' })
    assert.match(answer.body, /One-time codes are off/)
    assert.equal(await isEnabled(person), false)
  })

  test('T-BF-04 guesses at the code before a change are limited', async () => {
    const { person, browser, app } = await enrol()
    const page = await shown(browser)
    const guess = () => stage.submit(browser, page, { totp_code: wrongCode(app, now), action: 'disable' })
    const answers = await Promise.all(Array.from({ length: 30 }, guess))
    assert.equal(answers.filter(({ status }) => status === 422).length, 10)
    assert.equal(answers.filter(({ status }) => status === 429).length, 20)
    assert.equal(await isEnabled(person), true)
  })

  test('T-BF-15 new recovery codes, for a recovery code too, end the old ones', async () => {
    const { person, browser, codes } = await enrol()
    const page = await shown(browser)
    const answer = await stage.submit(browser, page, { totp_code: codes[0] ?? '', action: 'replace_recovery_codes' })
    const next = codesIn(answer)
    assert.equal(new Set([...codes, ...next]).size, 20)
    const again = await stage.submit(browser, page, { totp_code: codes[1] ?? '', action: 'disable' })
    assert.equal(again.status, 422)
    assert.equal(isSignedIn(await signedIn({ ...person, totpCode: () => next[0] ?? '' })), true)
  })
})
