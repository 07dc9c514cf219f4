/** Signing in on a page at an identity provider: the way there, the way back, and everything that may be wrong on it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { TOTP } from 'otpauth'
import { sha256 } from '../../../src/system/hashing.ts'
import { type Answer, type Browser, errorCodeOf, readForm } from '../../support/client.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity_provider.ts'
import { createPkce, type TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const CLIENT = { clientId: 'shop & co', clientSecret: 'a s:cret=of ours+%' }

describe('signing in at an identity provider', () => {
  let now = Date.now()
  let server: TestServer
  let idp: IdentityProvider
  let publicIdp: IdentityProvider
  let client: TestClient

  const jwtParams = () => ({
    idp_params: [
      {
        ...idp.upstream,
        name: 'Example <b>',
        client_secret: CLIENT.clientSecret,
        scope: 'openid profile',
      },
      { jwt_issuer_uri: 'https://tokens.example', jwks_uri: 'https://tokens.example/jwks' },
      publicIdp.upstream,
    ],
  })

  before(async () => {
    server = await startServer({
      clock: { now: () => now },
      config: { secrets_params: { encryption_key: randomBytes(32).toString('base64url') } },
    })
    idp = await startIdentityProvider(CLIENT)
    publicIdp = await startIdentityProvider()
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {}, jwt_params: jwtParams() } })
    await server.admin.createUser({ username: 'alice' })
    client = await server.admin.createClient({ consent: 'skip' })
  })
  after(async () => {
    await server.close()
    await idp.close()
    await publicIdp.close()
  })
  beforeEach(() => {
    idp.behave({})
    idp.be('alice')
    // The provider of the tests lives in the present.
    now = Date.now()
  })

  const get = (browser: Browser, url: string): Promise<Answer> => browser.request('GET', url)

  const locationOf = (answer: Answer): string => {
    assert.equal(answer.status, 303, answer.body)
    return answer.headers.location ?? ''
  }

  /** As far as the login page. */
  const openLoginPage = async (browser: Browser, extra: Record<string, string> = {}, of = client) => {
    const parameters = server.oauth.authorizationParameters(of, createPkce().challenge, extra)
    const interaction = locationOf(await get(browser, server.url(`/authorize?${new URLSearchParams(parameters)}`)))
    return { interaction, page: await get(browser, interaction) }
  }

  const upstreamFormOf = (page: Answer) => {
    const form = [...page.body.matchAll(/<form\b[\s\S]*?<\/form>/g)].map(([text]) => readForm(text))
    return form.find((found) => found?.buttons.some((id) => id.startsWith('upstream-')))
  }

  const press = (browser: Browser, page: Answer, issuer = idp.issuer): Promise<Answer> => {
    const form = upstreamFormOf(page)
    assert.ok(form)
    const headers = { origin: new URL(server.issuer).origin }
    return browser.request('POST', form.action, { form: { csrf: form.fields.csrf ?? '', issuer }, headers })
  }

  /** What the provider sends the browser back to. */
  const visitProvider = async (url: string): Promise<string> => {
    const answer = await fetch(url, { redirect: 'manual' })
    return answer.headers.get('location') ?? ''
  }

  /** As far as the address that the provider sends the browser back to. */
  const goThere = async (browser: Browser, extra: Record<string, string> = {}) => {
    const { interaction, page } = await openLoginPage(browser, extra)
    return { interaction, callback: await visitProvider(locationOf(await press(browser, page))) }
  }

  const signInUpstream = async (browser: Browser, extra: Record<string, string> = {}): Promise<Answer> =>
    await get(browser, (await goThere(browser, extra)).callback)

  const messageOf = (answer: Answer): string | undefined => /role="alert"[^>]*>([^<]*)</.exec(answer.body)?.[1]

  const hasSession = (browser: Browser): boolean => browser.jar.has('__Host-sso.main')

  const assertRefused = (browser: Browser, answer: Answer): void => {
    assert.equal(answer.status, 200)
    assert.ok(messageOf(answer), answer.body)
    assert.equal(hasSession(browser), false)
  }

  test('the page offers each provider at which people can sign in, by its name, and no other', async () => {
    const { page } = await openLoginPage(server.browser())
    assert.match(page.body, /id="upstream-0"[^>]*>Continue with <bdi>Example &lt;b&gt;<\/bdi>/)
    assert.match(
      page.body,
      new RegExp(`id="upstream-1"[^>]*>Continue with <bdi>${new URL(publicIdp.issuer).host}</bdi>`),
    )
    assert.doesNotMatch(page.body, /upstream-2|tokens\.example/)
    assert.ok(readForm(page.body)?.buttons.includes('login'))
    assert.match(String(page.headers['content-security-policy']), new RegExp(`form-action [^;]*${idp.issuer}`))
  })

  test('RFC 6749 §4.1.1 and §2.3.1 RFC 7636 §4.3 – the provider is asked with PKCE, state, nonce and what is configured', async () => {
    const browser = server.browser()
    const { interaction } = await goThere(browser)
    const asked = Object.fromEntries(idp.asked.at(-1) ?? [])
    const { state = '', nonce = '', code_challenge: challenge = '', ...rest } = asked
    assert.deepEqual(rest, {
      response_type: 'code',
      client_id: CLIENT.clientId,
      redirect_uri: server.url('/upstream/callback'),
      scope: 'openid profile',
      code_challenge_method: 'S256',
    })
    for (const value of [state, nonce, challenge]) assert.match(value, /^[A-Za-z0-9_-]{43}$/)
    const secret = browser.jar.get('__Host-interaction.main') ?? ''
    assert.equal(new Set([state, nonce, challenge, secret, sha256(secret), interaction.split('/').at(-1)]).size, 6)
    // Nothing that would let another browser go on is kept.
    const row = await server.store.realm('main').upstreamRequests.find(sha256(state), now)
    assert.deepEqual(Object.keys(row ?? {}).sort(), ['createdAt', 'expiresAt', 'interactionId', 'issuer', 'stateHash'])
  })

  test('RFC 6749 §2.3.1 – the code is redeemed as the method says, and the secret is in no form but its own', async () => {
    await signInUpstream(server.browser())
    const basic = idp.redeemed.at(-1)
    assert.match(basic?.authorization ?? '', /^Basic /)
    assert.deepEqual([...(basic?.form.keys() ?? [])], ['grant_type', 'code', 'redirect_uri', 'code_verifier'])

    const browser = server.browser()
    const { page } = await openLoginPage(browser)
    const callback = await visitProvider(locationOf(await press(browser, page, publicIdp.issuer)))
    locationOf(await get(browser, callback))
    assert.equal(publicIdp.redeemed.at(-1)?.authorization, undefined)
    assert.equal(publicIdp.redeemed.at(-1)?.form.get('client_id'), 'our-client')

    const [first, ...others] = jwtParams().idp_params
    const post = { ...first, token_endpoint_auth_method: 'client_secret_post' }
    const auth_params = { username_password_params: {}, jwt_params: { idp_params: [post, ...others] } }
    await server.admin.updateRealm('main', { auth_params })
    locationOf(await signInUpstream(server.browser()))
    assert.equal(idp.redeemed.at(-1)?.authorization, undefined)
    assert.equal(idp.redeemed.at(-1)?.form.get('client_secret'), CLIENT.clientSecret)
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {}, jwt_params: jwtParams() } })
  })

  test('T-LG-01 – the secret is read nowhere, kept through an update without it, and gone from one with another endpoint', async () => {
    const read = await server.admin.request('GET', '/admin/realm/main')
    const list = await server.admin.request('GET', '/admin/realm')
    for (const answer of [read, list]) assert.doesNotMatch(answer.body, /secret/)
    const stored = JSON.stringify((await server.store.realms.find('main'))?.settings)
    for (const text of [stored, server.logs.join('')]) assert.doesNotMatch(text, /cret=of/)
    // As a program does that changes something else: what it read, written back.
    await server.admin.updateRealm('main', { session_max_age_seconds: 28_000 })
    locationOf(await signInUpstream(server.browser()))
    const { auth_params } = read.json<{ auth_params: { jwt_params: ReturnType<typeof jwtParams> } }>()
    const [first, ...others] = auth_params.jwt_params.idp_params
    const elsewhere = { ...first, token_endpoint: `${publicIdp.issuer}/token` }
    const jwt_params = { idp_params: [elsewhere, ...others] }
    await server.admin.updateRealm('main', { auth_params: { ...auth_params, jwt_params } })
    const asked = publicIdp.redeemed.length
    assertRefused(...(await answered()))
    assert.equal(publicIdp.redeemed.length, asked + 1)
    assert.equal(publicIdp.redeemed.at(-1)?.authorization, undefined)
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {}, jwt_params: jwtParams() } })
  })

  const answered = async (extra: Record<string, string> = {}): Promise<[Browser, Answer]> => {
    const browser = server.browser()
    return [browser, await signInUpstream(browser, extra)]
  }

  test('T-CS-01 T-SE-05 – the form of another page, another browser or another provider leads nowhere', async () => {
    const browser = server.browser()
    const { page } = await openLoginPage(browser)
    const form = upstreamFormOf(page)
    assert.ok(form)
    const origin = new URL(server.issuer).origin
    const csrf = form.fields.csrf ?? ''
    const asked = idp.asked.length
    const tries: [Record<string, string>, string, Browser, number][] = [
      [{ issuer: idp.issuer }, origin, browser, 403],
      [{ issuer: idp.issuer, csrf: `${csrf}x` }, origin, browser, 403],
      [{ issuer: idp.issuer, csrf }, 'https://evil.example', browser, 403],
      [{ issuer: idp.issuer, csrf }, origin, server.browser(), 400],
      [{ issuer: 'https://evil.example', csrf }, origin, browser, 400],
      [{ issuer: 'https://tokens.example', csrf }, origin, browser, 400],
      [{ csrf }, origin, browser, 400],
    ]
    for (const [fields, from, by, status] of tries) {
      const answer = await by.request('POST', form.action, { form: fields, headers: { origin: from } })
      assert.equal(answer.status, status)
      assert.equal(answer.headers.location, undefined)
    }
    assert.equal((await browser.request('GET', form.action)).status, 405)
    assert.equal(idp.asked.length, asked)
  })

  test('T-SE-01 T-SE-14 RFC 6749 §10.12 – the answer is taken from the browser that asked, and its failure uses nothing up', async () => {
    const browser = server.browser()
    const { callback } = await goThere(browser)
    const stranger = server.browser()
    const withFlow = server.browser()
    await openLoginPage(withFlow)
    for (const other of [stranger, withFlow]) {
      const answer = await get(other, callback)
      assert.equal(answer.status, 400)
      assert.equal(errorCodeOf(answer.body), 'invalid_request')
      assert.equal(hasSession(other), false)
    }
    locationOf(await get(browser, callback))
    assert.ok(hasSession(browser))
  })

  test('RFC 6749 §10.12 – an answer counts once, even when it comes twenty times at once', async () => {
    const browser = server.browser()
    const { callback } = await goThere(browser)
    const asked = idp.redeemed.length
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(browser, callback)))
    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(idp.redeemed.length, asked + 1)
    assert.equal(errorCodeOf((await get(browser, callback)).body), 'invalid_request')
  })

  test('RFC 6749 §10.12 – a state that is absent, invented, changed, too old, replaced or of another realm is refused', async () => {
    await server.admin.createRealm({ id: 'other', auth_params: { jwt_params: jwtParams() } })
    const browser = server.browser()
    const { callback } = await goThere(browser)
    const changed = (change: (parameters: URLSearchParams) => void): string => {
      const url = new URL(callback)
      change(url.searchParams)
      return url.href
    }
    const asked = idp.redeemed.length
    const wrong = [
      changed((parameters) => parameters.delete('state')),
      changed((parameters) => parameters.set('state', 'x'.repeat(43))),
      changed((parameters) => parameters.set('state', `${parameters.get('state')}\0`)),
      changed((parameters) => parameters.set('state', parameters.get('state')?.toUpperCase() ?? '')),
      changed((parameters) => parameters.append('state', parameters.get('state') ?? '')),
      callback.replace('/upstream/', '/realms/other/upstream/'),
    ]
    for (const url of wrong) assert.equal(errorCodeOf((await get(browser, url)).body), 'invalid_request', url)
    const { page } = await openLoginPage(browser)
    const first = await visitProvider(locationOf(await press(browser, page)))
    const second = await visitProvider(locationOf(await press(browser, page)))
    assert.equal(errorCodeOf((await get(browser, first)).body), 'invalid_request')
    now += 600_000
    assert.equal(errorCodeOf((await get(browser, second)).body), 'invalid_request')
    assert.equal(idp.redeemed.length, asked)
    assert.equal(hasSession(browser), false)
  })

  test('T-AC-09 T-SE-14 RFC 7636 §1 – a code that was given to another sign-in is worth nothing, with PKCE and without', async () => {
    for (const checksPkce of [true, false]) {
      const attacker = server.browser()
      idp.be('mallory')
      const stolen = new URL((await goThere(attacker)).callback).searchParams.get('code') ?? ''
      const nonce = idp.asked.at(-1)?.get('nonce')
      idp.be('alice')
      const victim = server.browser()
      const { callback } = await goThere(victim)
      if (!checksPkce) {
        idp.behave({
          token: (_request, response) => {
            const seconds = Math.floor(now / 1000)
            const claims = { sub: 'alice', nonce, iat: seconds, exp: seconds + 60 }
            response.end(JSON.stringify({ id_token: idp.token(claims) }))
          },
        })
      }
      const url = new URL(callback)
      url.searchParams.set('code', stolen)
      assertRefused(victim, await get(victim, url.href))
    }
  })

  test('RFC 9207 §2.4 – an answer that names another issuer is refused before its code is shown to anybody', async () => {
    const asked = idp.redeemed.length
    for (const iss of [publicIdp.issuer, `${idp.issuer}/`, 'https://evil.example']) {
      idp.behave({ answer: (fields) => ({ ...fields, iss }) })
      assertRefused(...(await answered()))
    }
    assert.equal(idp.redeemed.length, asked)
    // It need not name one.
    idp.behave({ answer: ({ iss: _iss, ...fields }) => fields })
    locationOf((await answered())[1])
  })

  for (const [error, message] of [
    ['access_denied', 'The sign-in at Example &lt;b&gt; was cancelled.'],
    ['server_error', 'The sign-in at Example &lt;b&gt; did not succeed. Try again, or sign in in another way.'],
    ['<script>', 'The sign-in at Example &lt;b&gt; did not succeed. Try again, or sign in in another way.'],
  ] as const)
    test(`RFC 6749 §4.1.2.1 – the error ${error} of the provider becomes words on the login page`, async () => {
      idp.behave({
        answer: ({ state = '' }) => ({ state, error, error_description: '<script>alert(1)</script>', code: 'x' }),
      })
      const [browser, answer] = await answered()
      assertRefused(browser, answer)
      assert.equal(messageOf(answer), message)
      assert.doesNotMatch(answer.body, /alert\(1\)/)
      // And it can be tried again from there.
      idp.behave({})
      const again = await visitProvider(locationOf(await press(browser, answer)))
      locationOf(await get(browser, again))
      assert.ok(hasSession(browser))
    })

  const seconds = (): number => Math.floor(now / 1000)

  const wrongIdTokens: [string, (claims: Record<string, unknown>) => Record<string, unknown>][] = [
    ['no nonce', (claims) => ({ ...claims, nonce: undefined })],
    ['another nonce', (claims) => ({ ...claims, nonce: 'x'.repeat(43) })],
    ['another audience', (claims) => ({ ...claims, aud: 'somebody else' })],
    ['an audience more', (claims) => ({ ...claims, aud: [claims.aud, 'somebody else'] })],
    ['another authorized party', (claims) => ({ ...claims, azp: 'somebody else' })],
    ['the issuer of another provider', (claims) => ({ ...claims, iss: publicIdp.issuer })],
    ['no subject', (claims) => ({ ...claims, sub: undefined })],
    ['a past end', (claims) => ({ ...claims, exp: seconds() - 61 })],
    ['a future beginning', (claims) => ({ ...claims, iat: seconds() + 120 })],
    ['no end', (claims) => ({ ...claims, exp: undefined })],
  ]
  for (const [name, idToken] of wrongIdTokens)
    test(`OpenID Connect Core §3.1.3.7 – an ID token with ${name} is refused`, async () => {
      idp.behave({ idToken })
      assertRefused(...(await answered()))
    })

  const wrongTokenAnswers: [string, number, string][] = [
    ['an error', 400, '{"error":"invalid_grant"}'],
    ['a failure', 500, '{}'],
    ['no ID token', 200, '{"access_token":"x","token_type":"Bearer"}'],
    ['an ID token that is none', 200, '{"id_token":"a.b.c"}'],
    ['an ID token that is a list', 200, '{"id_token":["a"]}'],
    ['no JSON', 200, '<html>'],
    ['nothing', 200, ''],
    ['null', 200, 'null'],
    ['too much', 200, JSON.stringify({ filling: 'x'.repeat(70_000) })],
  ]
  for (const [name, status, body] of wrongTokenAnswers)
    test(`RFC 6749 §5.2 T-SS-07 – a token endpoint that answers with ${name} signs nobody in`, async () => {
      idp.behave({ token: (_request, response) => void response.writeHead(status).end(body) })
      assertRefused(...(await answered()))
    })

  test('T-SS-03 – a token endpoint that redirects is not followed', async () => {
    const asked = publicIdp.counts.token
    const location = `${publicIdp.issuer}/token`
    for (const status of [302, 307, 308]) {
      idp.behave({ token: (_request, response) => void response.writeHead(status, { location }).end() })
      assertRefused(...(await answered()))
    }
    assert.equal(publicIdp.counts.token, asked)
  })

  test('T-SE-10 – who is proved and nobody here is told so, and no account is made', async () => {
    await server.admin.createUser({ username: 'gone', enabled: false })
    for (const person of ['mallory', 'gone', 'Alice']) {
      idp.be(person)
      const [browser, answer] = await answered()
      assertRefused(browser, answer)
      assert.match(messageOf(answer) ?? '', /there is no account for you here/)
    }
    assert.equal(await server.store.realm('main').users.findByUsername('mallory'), undefined)
    const page = await server.store.realm('main').audit.list({ limit: 500 })
    const reasons = page.items.map(({ detail }) => detail.reason)
    for (const reason of ['unknown_user', 'disabled', 'wrong_nonce']) assert.ok(reasons.includes(reason), reason)
  })

  test('F-34 – while the provider cannot be asked for its keys, the page says so and the password still works', async () => {
    const own = await startIdentityProvider(CLIENT)
    try {
      own.behave({ jwks: (_request, response) => void response.writeHead(503).end() })
      await server.admin.createRealm({
        id: 'slow',
        auth_params: {
          username_password_params: {},
          jwt_params: { idp_params: [{ ...own.upstream, client_secret: CLIENT.clientSecret }] },
        },
      })
      const person = await server.admin.createUser({ username: 'alice' }, 'slow')
      const there = await server.admin.createClient({ consent: 'skip' }, 'slow')
      const browser = server.browser()
      const parameters = server.oauth.authorizationParameters(there, createPkce().challenge)
      const start = server.url(`/realms/slow/authorize?${new URLSearchParams(parameters)}`)
      const page = await get(browser, locationOf(await get(browser, start)))
      const back = await get(browser, await visitProvider(locationOf(await press(browser, page, own.issuer))))
      assert.equal(back.status, 503)
      assert.equal(back.headers['retry-after'], '5')
      assert.match(messageOf(back) ?? '', /cannot be reached/)
      const form = readForm(back.body)
      assert.ok(form)
      const { username, password } = person
      const headers = { origin: new URL(server.issuer).origin }
      locationOf(await browser.request('POST', form.action, { form: { ...form.fields, username, password }, headers }))
      assert.ok(browser.jar.has('__Host-sso.slow'))
    } finally {
      await own.close()
    }
  })

  test('T-SE-17 OpenID Connect Core §3.1.2.1 – what the client asks of the person is asked of the provider, and checked', async () => {
    await answered({ prompt: 'login' })
    assert.equal(idp.asked.at(-1)?.get('prompt'), 'login')
    await answered({ max_age: '100' })
    assert.equal(idp.asked.at(-1)?.get('max_age'), '100')
    const says = (auth_time: unknown) => idp.behave({ idToken: (claims) => ({ ...claims, auth_time }) })
    for (const [extra, authTime] of [
      [{ max_age: '100' }, seconds() - 200],
      [{ max_age: '100' }, undefined],
      [{ prompt: 'login' }, seconds() - 200],
    ] as const) {
      says(authTime)
      const [browser, answer] = await answered(extra as Record<string, string>)
      assertRefused(browser, answer)
    }
    says(seconds() - 200)
    locationOf((await answered())[1])
    says(undefined)
    locationOf((await answered({ prompt: 'login' }))[1])
  })

  test('a realm without passwords shows no form for one, and takes none', async () => {
    await server.admin.updateRealm('main', { auth_params: { jwt_params: jwtParams() } })
    const browser = server.browser()
    const { interaction, page } = await openLoginPage(browser)
    assert.doesNotMatch(page.body, /name="password"|id="login"/)
    const form = upstreamFormOf(page)
    assert.ok(form)
    const headers = { origin: new URL(server.issuer).origin }
    const fields = { csrf: form.fields.csrf ?? '', username: 'alice', password: 'a passphrase of the tests 7' }
    await browser.request('POST', `${interaction}/login`, { form: fields, headers })
    assert.equal(hasSession(browser), false)
    locationOf(await get(browser, await visitProvider(locationOf(await press(browser, page)))))
    assert.ok(hasSession(browser))
    await server.admin.updateRealm('main', { auth_params: {} })
    assert.match((await openLoginPage(server.browser())).page.body, /Nobody can sign in here/)
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {}, jwt_params: jwtParams() } })
  })

  test('a provider that is taken away while somebody is there vouches for nobody', async () => {
    const browser = server.browser()
    const { callback } = await goThere(browser)
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {} } })
    assertRefused(browser, await get(browser, callback))
    await server.admin.updateRealm('main', { auth_params: { username_password_params: {}, jwt_params: jwtParams() } })
  })

  test('RFC 6238 – who has a one-time code is asked for it after the provider, too', async () => {
    await server.admin.updateRealm('main', {
      auth_params: { username_password_params: {}, totp_params: { algorithm: 'SHA1' }, jwt_params: jwtParams() },
    })
    await server.admin.createUser({ username: 'carol' })
    const realm = await server.deps.realms.open('main')
    const user = await realm?.store.users.findByUsername('carol')
    assert.ok(realm && user)
    const { secretBase32 } = server.deps.totp.generate(realm, user)
    const code = (): string => new TOTP({ secret: secretBase32 }).generate({ timestamp: now })
    const facts = { ip: '127.0.0.1', requestId: 'r' }
    assert.ok(await server.deps.totp.enable(realm, user, { secret: secretBase32, token: code() }, facts))
    now += 30_000
    idp.be('carol')
    const [browser, answer] = await answered()
    assert.equal(answer.status, 200)
    assert.equal(hasSession(browser), false)
    const form = readForm(answer.body)
    assert.ok(form)
    assert.ok(form.buttons.includes('verify'))
    const headers = { origin: new URL(server.issuer).origin }
    const fields = { ...form.fields, totp_code: code() }
    locationOf(await browser.request('POST', form.action, { form: fields, headers }))
    assert.ok(hasSession(browser))
    const page = await server.store.realm('main').audit.list({ limit: 500 })
    assert.ok(page.items.some(({ detail }) => detail.method === 'jwt+totp'))
  })

  test('a full sign-in: the provider vouches, the user is found, and the client gets its code', async () => {
    const browser = server.browser()
    const back = await signInUpstream(browser)
    const interaction = locationOf(back)
    assert.match(interaction, /\/interaction\//)
    assert.ok(hasSession(browser))
    const answer = new URL(locationOf(await get(browser, interaction)))
    assert.equal(answer.origin + answer.pathname, client.redirect_uris[0])
    assert.ok(answer.searchParams.get('code'))
    const page = await server.store.realm('main').audit.list({ limit: 200 })
    assert.ok(page.items.some(({ type, detail }) => type === 'auth_success' && detail.method === 'jwt'))
  })
})
