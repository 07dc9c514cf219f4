import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, errorCodeOf } from '../../support/client.ts'
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

describe('RFC 6749 §4.1.2.1 – the client is told, with its state and the issuer', () => {
  const wrongs: [Record<string, string>, string][] = [
    [{ response_type: '' }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_mode: 'web_message' }, 'invalid_request'],
    [{ scope: 'openid root' }, 'invalid_scope'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ max_age: 'soon' }, 'invalid_request'],
    [{ id_token_hint: 'x.y.z' }, 'invalid_request'],
    [{ authorization_details: '[]' }, 'invalid_authorization_details'],
    [{ registration: '{}' }, 'registration_not_supported'],
    [{ prompt: 'none' }, 'login_required'],
  ]
  for (const [wrong, code] of wrongs) {
    test(`T-IS-06 ${JSON.stringify(wrong)}: ${code}`, async () => {
      const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, wrong))
      const parameters = responseOf(answer)
      assert.equal(parameters.get('error'), code)
      assert.match(parameters.get('error_description') ?? '', /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      assert.equal(parameters.get('state'), 'af0ifjsldkj')
      assert.equal(parameters.get('iss'), stage.server.issuer)
      assert.deepEqual([...parameters.keys()].sort(), ['error', 'error_description', 'iss', 'state'])
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    })
  }

  test('access_denied when the person says no, and the request is over', async () => {
    const browser = stage.server.browser()
    const login = await stage.begin(browser, stage.parametersFor(client, { state: 'a b+c&d=e%20' }))
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    const parameters = responseOf(await stage.submit(browser, consent, { decision: 'deny' }))
    assert.equal(parameters.get('error'), 'access_denied')
    assert.equal(parameters.get('state'), 'a b+c&d=e%20')
    assert.equal(parameters.get('iss'), stage.server.issuer)
    assert.equal(parameters.has('code'), false)
    const again = await stage.submit(browser, consent, { decision: 'allow' })
    assert.equal(again.headers.location, undefined)
    const events = await stage.realm.audit.list({ limit: 10 })
    assert.ok(
      events.items.some(
        ({ type, principal, target }) =>
          type === 'consent.denied' && principal === 'alice' && target === client.client_id,
      ),
    )
  })
})

describe('RFC 6749 §4.1.2 – a code', () => {
  test('T-IS-06 OAuth 2.1 §7.5.4 – comes by 303 with the state as it was and the issuer, and with nothing else', async () => {
    const state = '-._~ +%&=#"<>'.repeat(70)
    const browser = await stage.signedInBrowser(alice, client)
    const answer = await stage.authorize(browser, stage.parametersFor(client, { state }))
    const parameters = responseOf(answer)
    assert.match(parameters.get('code') ?? '', /^[A-Za-z0-9_-]{43}$/)
    assert.equal(parameters.get('state'), state)
    assert.equal(parameters.get('iss'), stage.server.issuer)
    assert.deepEqual([...parameters.keys()].sort(), ['code', 'iss', 'state'])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['referrer-policy'], 'no-referrer')
  })

  test('comes without a state when there was none', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const parameters = responseOf(await stage.authorize(browser, stage.parametersFor(client, { state: '' })))
    assert.equal(parameters.has('state'), false)
  })

  test('RFC 9700 §4.12 – comes by 303 after a form as well, never by 307', async () => {
    const bob = await stage.addUser('bob')
    const browser = stage.server.browser()
    const login = await stage.begin(browser, stage.parametersFor(client))
    const signedIn = await stage.submit(browser, login, { username: bob.username, password: bob.password })
    assert.equal(signedIn.status, 303)
    const consent = await stage.arrive(browser, signedIn)
    const answer = await stage.submit(browser, consent, { decision: 'allow' })
    assert.match(responseOf(answer).get('code') ?? '', /^[A-Za-z0-9_-]{43}$/)
  })

  test('is stored as a hash, with what the person allowed', async () => {
    const browser = await stage.signedInBrowser(alice, client, { scope: 'openid email' })
    const parameters = stage.parametersFor(client, { scope: 'openid email', nonce: 'n-0S6' })
    const code = responseOf(await stage.authorize(browser, parameters)).get('code') ?? ''
    const { createHash } = await import('node:crypto')
    const row = await stage.realm.authorizationCodes.find(createHash('sha256').update(code).digest('base64url'))
    assert.ok(row)
    assert.equal(row.clientId, client.client_id)
    assert.equal(row.granted.userId, alice.id)
    assert.deepEqual(row.granted.scopes, ['openid', 'email'])
    assert.equal(row.granted.redirectUri, REDIRECT_URI)
    assert.equal(row.granted.nonce, 'n-0S6')
    assert.equal(row.expiresAt - row.createdAt, 60_000)
    assert.equal(await stage.realm.authorizationCodes.find(code), undefined)
  })
})

describe('OAuth 2.1 §3.1 – the authorization endpoint', () => {
  const isLogin = (answer: Answer): boolean =>
    answer.status === 303 && (answer.headers.location ?? '').includes('/interaction/')

  test('N-21-09 – refuses a repeated parameter with a page', async () => {
    const query = `${new URLSearchParams(stage.parametersFor(client))}&state=other`
    const answer = await stage.server.browser().request('GET', `/authorize?${query}`)
    assert.equal(errorCodeOf(answer.body), 'invalid_request')
  })

  test('N-21-09 – does not support CORS', async () => {
    const origin = 'https://app.example'
    const parameters = stage.parametersFor(client)
    const answer = await stage.authorize(stage.server.browser(), parameters, { headers: { origin } })
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    const preflight = await stage.server.request('OPTIONS', '/authorize', {
      headers: { origin, 'access-control-request-method': 'GET' },
    })
    assert.equal(preflight.headers['access-control-allow-origin'], undefined)
  })

  test('N-21-09 – asks the person first: no code and no error but by a page or by prompt=none', async () => {
    assert.ok(isLogin(await stage.authorize(stage.server.browser(), stage.parametersFor(client))))
  })

  test('N-21-09 – ignores unknown parameters and treats empty ones as omitted', async () => {
    const query = `${new URLSearchParams(stage.parametersFor(client))}&extra=foobar&nonce=&prompt=&max_age=`
    assert.ok(isLogin(await stage.server.browser().request('GET', `/authorize?${query}`)))
  })

  test('OpenID Connect Core §3.1.2.1 – takes a form of another site, without cookie and token', async () => {
    const browser = stage.server.browser()
    const answer = await browser.request('POST', '/authorize', {
      form: stage.parametersFor(client),
      headers: { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
    })
    assert.ok(isLogin(answer))
    const login = await stage.arrive(browser, answer)
    assert.deepEqual(login.form.buttons, ['login'])
  })

  test('takes nothing but a form in a POST, and no other method', async () => {
    const browser = stage.server.browser()
    const json = await browser.request('POST', '/authorize', { json: stage.parametersFor(client) })
    assert.equal(json.status, 415)
    assert.equal((await browser.request('PUT', '/authorize', { form: stage.parametersFor(client) })).status, 405)
  })

  test('OAuth 2.1 §3.1 – reads the parameters of a POST from its body alone', async () => {
    const answer = await stage.server
      .browser()
      .request('POST', `/authorize?${new URLSearchParams(stage.parametersFor(client))}`)
    assert.equal(answer.status, 400)
    assert.equal(errorCodeOf(answer.body), 'invalid_request')
  })
})
