import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

/** T-RU-09 – a page and no way out of it. */
const assertPage = (answer: Answer, code: string): void => {
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.location, undefined)
  assert.match(String(answer.headers['content-type']), /^text\/html/)
  assert.equal(errorCodeOf(answer.body), code)
  assert.doesNotMatch(answer.body, /<form|http-equiv="refresh"/i)
}

const FOREIGN = [
  ['T-RU-01', 'https://appXexample/cb'],
  ['T-RU-03', 'https://app.example.evil.example/cb'],
  ['T-RU-03', 'https://evil-app.example/cb'],
  ['T-RU-04', 'https://app.example@evil.example/cb'],
  ['T-RU-05', 'https://app.example/x/..;/cb'],
  ['T-RU-05', 'https://app.example/%2e%2e/cb'],
  ['T-RU-05', 'https://app.example\\cb'],
  ['T-RU-06', 'JaVaScRiPt:alert(1)'],
  ['T-RU-07', 'https://app.example/cb?code=stolen'],
  ['T-RU-07', 'https://app.example/cb#code=stolen'],
  ['T-RU-08', 'http://localhost/cb'],
  ['T-RU-11', 'https:///app.example/cb'],
  ['T-RU-11', 'https://APP.example/cb'],
  ['T-RU-11', 'https://app.example/c\tb'],
  ['T-RU-11', 'https://\uff41pp.example/cb'],
  ['T-RU-11', 'https://app.example/cb\r\nSet-Cookie: a=b'],
  ['T-RU-15', 'myapp:/cb'],
] as const

for (const [id, uri] of FOREIGN) {
  test(`${id} RFC 6749 §3.1.2.4 – nobody is sent to ${JSON.stringify(uri)}, and nothing is pushed for it`, async () => {
    const browser = stage.server.browser()
    assertPage(await stage.authorize(browser, stage.parametersFor(client, { redirect_uri: uri })), 'invalid_request')
    const posted = await browser.request('POST', '/authorize', {
      form: stage.parametersFor(client, { redirect_uri: uri }),
    })
    assertPage(posted, 'invalid_request')
    const pushed = await stage.push(client, { redirect_uri: uri })
    assert.equal(pushed.status, 400)
    assert.equal(pushed.json().error, 'invalid_request')
  })
}

describe('T-RU-09 RFC 6749 §3.1.2.4 – an unregistered redirect_uri is a page, whatever else the request says', () => {
  const otherwise: Record<string, string>[] = [
    { prompt: 'none' },
    { response_type: 'token' },
    { response_type: '' },
    { response_mode: 'form_post' },
    { response_mode: 'fragment' },
    { scope: 'root' },
    { code_challenge_method: 'plain' },
    { registration: '{}' },
    { max_age: '-1' },
    { id_token_hint: 'x' },
    { state: '\n' },
  ]
  for (const wrong of otherwise) {
    test(JSON.stringify(wrong), async () => {
      const parameters = stage.parametersFor(client, { ...wrong, redirect_uri: 'https://evil.example/cb' })
      assertPage(await stage.authorize(stage.server.browser(), parameters), 'invalid_request')
    })
  }

  test('OpenID Connect Core §6.2 that its request is somewhere else, where nobody looks', async () => {
    const wrong = { request_uri: 'https://evil.example/request', redirect_uri: 'https://evil.example/cb' }
    const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, wrong))
    assertPage(answer, 'invalid_request_uri')
  })

  test('to a person who is signed in and has allowed the client everything', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const answer = await stage.authorize(
      browser,
      stage.parametersFor(client, { redirect_uri: 'https://evil.example/' }),
    )
    assertPage(answer, 'invalid_request')
  })
})

test('RFC 6749 §4.1.2.1 – an unknown and a disabled client are a page', async () => {
  const disabled = await stage.addClient({}, { enabled: false })
  for (const clientId of ['nobody', disabled.client_id, 'a'.repeat(5_000), '\u{1f600}', "' OR 1=1 --"]) {
    const parameters = stage.parametersFor(client, { client_id: clientId })
    assertPage(await stage.authorize(stage.server.browser(), parameters), 'invalid_client')
  }
  assertPage(
    await stage.authorize(stage.server.browser(), stage.parametersFor(client, { client_id: '' })),
    'invalid_request',
  )
})

test('T-RU-13 OAuth 2.1 §3.1 – a redirect_uri that comes twice is a page, because nobody can say which one is meant', async () => {
  const query = new URLSearchParams(stage.parametersFor(client))
  for (const second of [REDIRECT_URI, 'https://evil.example/cb', '']) {
    const twice = `${query}&redirect_uri=${encodeURIComponent(second)}`
    assertPage(await stage.server.browser().request('GET', `/authorize?${twice}`), 'invalid_request')
  }
})

test('T-RU-10 – nothing in the query of a page decides where it leads: its form and its redirects stay', async () => {
  const browser = stage.server.browser()
  const login = await stage.begin(browser, stage.parametersFor(client))
  const tempted = await browser.request(
    'GET',
    `${login.url}?return_to=https://evil.example/&redirect_uri=//evil.example`,
  )
  assert.doesNotMatch(tempted.body, /evil\.example/)
  const answer = await stage.submit(browser, login, {
    username: alice.username,
    password: alice.password,
    return_to: 'https://evil.example/',
    next: '//evil.example',
  })
  assert.equal(answer.headers.location, login.url)
})

test('OAuth 2.1 §2.3.2 – redirect_uri may be left out with one registered, and must be there with two', async () => {
  const one = await stage.authorize(
    stage.server.browser(),
    stage.parametersFor(client, { redirect_uri: '', scope: 'profile', prompt: 'none' }),
  )
  assert.equal(responseOf(one).get('error'), 'login_required')
  const two = await stage.addClient({ redirect_uris: [REDIRECT_URI, 'https://app.example/other'] })
  assertPage(
    await stage.authorize(stage.server.browser(), stage.parametersFor(two, { redirect_uri: '', scope: 'profile' })),
    'invalid_request',
  )
})

test('T-RU-08 OAuth 2.1 §8.4.2 – a native application gets its answer at the port that it listens on', async () => {
  const native = await stage.addClient({
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb'],
  })
  for (const uri of ['http://127.0.0.1:51004/cb', 'http://[::1]:51004/cb']) {
    const parameters = stage.parametersFor(native, { redirect_uri: uri, prompt: 'none' })
    const answer = await stage.authorize(stage.server.browser(), parameters)
    assert.equal(responseOf(answer, `${uri}?`).get('error'), 'login_required')
  }
})

test('T-RU-07 RFC 6749 §3.1.2 – the query of a registered redirect URI is kept, and the answer comes after it once', async () => {
  const uri = 'https://app.example/cb?dummy1=lorem&dummy2=ipsum'
  const withQuery = await stage.addClient({ redirect_uris: [uri] })
  const { parameters, location } = await (async () => {
    const answer = await stage.server.oauth.authorize(
      stage.server.browser(),
      withQuery,
      stage.parametersFor(withQuery),
      alice,
    )
    assert.ok('parameters' in answer)
    return answer
  })()
  assert.ok(location.startsWith(`${uri}&`))
  assert.deepEqual([...parameters.keys()].sort(), ['code', 'dummy1', 'dummy2', 'iss', 'state'])
})

describe('T-RU-12 RFC 6749 §4.1.3 – at the token endpoint', () => {
  const redeem = (code: string, redirectUri: string) =>
    stage.server.oauth.token(client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    })

  test('another redirect_uri than that of the request is refused, and the code stays good', async () => {
    const code = await stage.server.oauth.obtainCode(stage.server.browser(), client, stage.parametersFor(client), alice)
    const refused = await redeem(code, 'https://app.example/CB')
    assert.deepEqual([refused.status, refused.json().error], [400, 'invalid_grant'])
    assert.equal((await redeem(code, REDIRECT_URI)).status, 200)
  })

  test('the registered redirect_uri is accepted for a request that left it out', async () => {
    const parameters = stage.parametersFor(client, { redirect_uri: '', scope: 'profile' })
    const code = await stage.server.oauth.obtainCode(stage.server.browser(), client, parameters, alice)
    assert.equal((await redeem(code, REDIRECT_URI)).status, 200)
  })
})

describe('T-RU-14 Form Post Response Mode §4 – form_post', () => {
  test('is refused for a private-use scheme, by redirect', async () => {
    const native = await stage.addClient({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] })
    const answer = await stage.authorize(
      stage.server.browser(),
      stage.parametersFor(native, { response_mode: 'form_post' }),
    )
    assert.equal(responseOf(answer, 'com.example.app:/cb?').get('error'), 'invalid_request')
  })

  test('is refused when it is pushed for a private-use scheme', async () => {
    const native = await stage.addClient({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] })
    assert.equal((await stage.push(native, { response_mode: 'form_post' })).json().error, 'invalid_request')
  })
})
