/** T-LG-02: every secret that travels through the server is a canary, and no line that it writes may hold one, in any writing. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ADMINISTRATOR } from '../../support/admin.ts'
import { type Browser, basic, clientBasic } from '../../support/client.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** As it is, and as headers, URLs and dumps would write it. */
const writings = (secret: string): string[] => {
  const bytes = Buffer.from(secret)
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ].map((text) => text.replace(/=+$/, ''))
}

describe('secrets in the log', () => {
  let server: TestServer
  let client: TestClient
  let person: Person
  const secrets = new Map<string, string>()

  const keep = (what: string, secret: string | null | undefined): string => {
    assert.ok(secret && secret.length >= 16, `${what} is no secret: ${secret}`)
    secrets.set(what, secret)
    return secret
  }

  const keepCookies = (what: string, browser: Browser): void => {
    for (const [name, value] of browser.jar) keep(`${what} ${name}`, value)
  }

  before(async () => {
    server = await startServer({ config: { log_params: { level: 'trace' } } })
    person = await server.admin.createUser({ password: 'canary of a person 31415926' })
    client = await server.admin.createClient({
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    })
    keep('the password of the administrator', ADMINISTRATOR.password)
    keep('the password', person.password)
    keep('the client secret', client.client_secret)
  })
  after(() => server.close())

  test('T-LG-02 – a code flow, a refresh and all that follows', async () => {
    const { verifier, challenge } = createPkce()
    keep('the code verifier', verifier)
    const browser = server.browser()
    const parameters = server.oauth.authorizationParameters(client, challenge, {
      scope: 'openid offline_access',
      nonce: 'a-nonce-of-17320508075688772935',
    })
    const code = keep('the code', await server.oauth.obtainCode(browser, client, parameters, person))
    keepCookies('a cookie of the pages,', browser)
    const tokens = (await server.oauth.redeem(client, code, verifier)).json<Record<string, string>>()
    for (const name of ['access_token', 'refresh_token', 'id_token']) keep(`the ${name}`, tokens[name])
    const next = (await server.oauth.refresh(client, tokens.refresh_token ?? '')).json<Record<string, string>>()
    keep('the next refresh token', next.refresh_token)

    const authorization = `Bearer ${tokens.access_token}`
    assert.equal((await server.request('GET', '/userinfo', { headers: { authorization } })).status, 200)
    await server.request('GET', `/userinfo?access_token=${tokens.access_token}`)
    await server.request('GET', `/nowhere/${tokens.access_token}?code=${code}`)
    await server.request('GET', `/logout?id_token_hint=${tokens.id_token}`)
    const credentials = { authorization: clientBasic(client.client_id, client.client_secret ?? '') }
    for (const path of ['/introspect', '/revoke'])
      await server.request('POST', path, { headers: credentials, form: { token: tokens.access_token ?? '' } })
    const pushed = await server.request('POST', '/par', { headers: credentials, form: parameters })
    keep('the request URI', pushed.json<{ request_uri: string }>().request_uri)
    // Both are refused, which is when an error would like to show what it got.
    await server.oauth.redeem(client, code, verifier)
    await server.oauth.refresh(client, tokens.refresh_token ?? '')
  })

  test('T-LG-02 – logins that succeed and logins that fail', async () => {
    const browser = server.browser()
    const headers = { authorization: basic(person.username, person.password) }
    await browser.request('POST', '/login?realm=main', { headers, json: { totp_code: '123456' } })
    await browser.request('POST', '/login?realm=main', { headers })
    keepCookies('a cookie of the API,', browser)
    const wrong = keep('a wrong password', 'a wrong canary of 27182818 letters')
    await server.request('POST', '/login?realm=main', { headers: { authorization: basic(person.username, wrong) } })
    await server.request('POST', '/login?realm=main', {
      headers: {
        authorization: `Bearer ${keep('a foreign token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2ln')}`,
      },
    })
    const next = keep('the next password', 'the next canary of 16180339 letters')
    await browser.request('POST', '/password?realm=main', {
      json: { current_password: person.password, new_password: next },
    })
    await browser.request('POST', '/password', { json: { current_password: wrong, new_password: next } })
  })

  test('T-LG-02 – requests in which a secret stands where none belongs', async () => {
    const misplaced = keep('a misplaced secret', 'canary-14142135623730950488')
    const form = {
      grant_type: misplaced,
      client_id: misplaced,
      client_secret: misplaced,
      client_assertion: misplaced,
      token: misplaced,
    }
    await server.request('POST', '/token', { form })
    await server.request('POST', `/token?client_secret=${misplaced}`, { form })
    await server.request(
      'GET',
      `/authorize?client_id=${misplaced}&redirect_uri=${misplaced}&request=${misplaced}&login_hint=${misplaced}`,
    )
    await server.request('GET', '/userinfo', {
      headers: { authorization: `Bearer ${misplaced}`, cookie: `__Host-sso.main=${misplaced}`, dpop: misplaced },
    })
    await server.request('POST', '/token', {
      body: `{"client_secret":"${misplaced}"`,
      headers: { 'content-type': 'application/json' },
    })
    await server.admin.request('POST', '/admin/realm/main/user', {
      json: { username: 'x', password: misplaced, passwrod: misplaced },
    })
    await server.admin.request('POST', '/admin/realm/main/client', {
      json: { client_secret: misplaced, jwks: { keys: [{ kty: 'EC', d: misplaced }] } },
    })
  })

  test('T-LG-02 – none of all that is in any line', () => {
    assert.ok(secrets.size >= 14, [...secrets.keys()].join())
    const log = server.logs.join('')
    const found = [...secrets].filter(([, secret]) => writings(secret).some((text) => log.includes(text)))
    assert.deepEqual(
      found.map(([what, secret]) => [
        what,
        server.logs.find((line) => writings(secret).some((text) => line.includes(text))),
      ]),
      [],
    )
  })

  test('T-IN-12 – every line is one JSON object with a time, a level and a message', () => {
    assert.ok(server.logs.length > 20)
    for (const line of server.logs) {
      const entry = JSON.parse(line) as { time?: string; level?: number; msg?: string }
      assert.ok(entry.time && entry.level && entry.msg, line)
    }
  })
})
