import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sha256 } from '../../../src/system/hashing.ts'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

const PREFIX = 'urn:ietf:params:oauth:request_uri:'

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let stage: AuthorizationStage
let alice: Person
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => Date.now() + ahead } })
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const pushed = async (extra: Record<string, string> = {}, by = client): Promise<string> => {
  const answer = await stage.push(by, extra)
  if (answer.status !== 201) throw new Error(`not pushed: ${answer.status} ${answer.body}`)
  return answer.json<{ request_uri: string }>().request_uri
}

const visit = (
  requestUri: string,
  browser = stage.server.browser(),
  extra: Record<string, string> = {},
): Promise<Answer> => stage.authorize(browser, { client_id: client.client_id, request_uri: requestUri, ...extra })

const assertInvalidRequestUri = (answer: Answer): void => {
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.location, undefined)
  assert.equal(errorCodeOf(answer.body), 'invalid_request_uri')
}

const isLogin = (answer: Answer): boolean => (answer.headers.location ?? '').includes('/interaction/')

describe('RFC 9126 §2.1 – a pushed request is refused', () => {
  const refused = (answer: Answer, status: number, code: string): void => {
    assert.deepEqual([answer.status, answer.json().error], [status, code])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers.location, undefined)
  }

  test('T-PA-07 without client authentication, and with a wrong secret', async () => {
    refused(await stage.server.request('POST', '/par', { form: stage.parametersFor(client) }), 401, 'invalid_client')
    refused(await stage.push({ ...client, client_secret: 'wrong' }), 401, 'invalid_client')
  })

  test('T-PA-03 when it contains a request_uri, own or foreign', async () => {
    refused(await stage.push(client, { request_uri: await pushed() }), 400, 'invalid_request')
    refused(await stage.push(client, { request_uri: 'https://app.example/r', request: 'x' }), 400, 'invalid_request')
  })

  test('when it names another client than the one that authenticated', async () => {
    const other = await stage.addClient()
    const answer = await stage.push(client, { client_id: other.client_id })
    assert.ok([400, 401].includes(answer.status))
  })

  for (const [wrong, code] of [
    [{ redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: 'code id_token' }, 'unsupported_response_type'],
    [{ scope: 'root' }, 'invalid_scope'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ request: 'x.y.z' }, 'invalid_request_object'],
  ] as const) {
    test(`RFC 9126 §2.3 for what /authorize refuses: ${JSON.stringify(wrong)}`, async () => {
      refused(await stage.push(client, wrong), 400, code)
    })
  }

  test('T-RU-13 when a parameter comes twice', async () => {
    const { client_secret: secret = '', client_id: id } = client
    const answer = await stage.server.request('POST', '/par', {
      form: [...Object.entries(stage.parametersFor(client)), ['redirect_uri', 'https://evil.example/']],
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    })
    refused(answer, 400, 'invalid_request')
  })

  test('RFC 9126 §2.3 when it does not come as a form by POST, or is too large', async () => {
    assert.equal((await stage.server.request('POST', '/par', { json: stage.parametersFor(client) })).status, 415)
    assert.equal((await stage.server.request('GET', '/par')).status, 405)
    assert.equal((await stage.server.request('PUT', '/par', { form: {} })).status, 405)
    assert.equal((await stage.push(client, { login_hint: 'a'.repeat(65_536) })).status, 413)
  })

  test('T-PA-07 RFC 9126 §7 when one source has a hundred waiting for a public client, whose others still may', async () => {
    const open = await stage.addClient({ token_endpoint_auth_method: 'none' })
    const push = (): Promise<Answer> =>
      stage.server.request('POST', '/par', { form: { ...stage.parametersFor(open), client_id: open.client_id } })
    for (let n = 0; n < 100; n++) assert.equal((await push()).status, 201)
    const answer = await push()
    refused(answer, 429, 'too_many_requests')
    assert.match(String(answer.headers['retry-after']), /^[1-9][0-9]*$/)
    assert.equal(await stage.realm.pushedRequests.countOpen(open.client_id, Date.now() + ahead), 100)
    assert.equal((await stage.push(client)).status, 201)
  })

  test('T-PA-07 RFC 9126 §2.3 when the client has a thousand waiting', async () => {
    const busy = await stage.addClient()
    const now = Date.now()
    for (let n = 0; n < 1_000; n++) {
      await stage.realm.pushedRequests.insert({
        referenceHash: sha256(`${busy.client_id} ${n}`),
        clientId: busy.client_id,
        parameters: {},
        createdAt: now,
        expiresAt: now + 60_000,
      })
    }
    const answer = await stage.push(busy)
    refused(answer, 429, 'too_many_requests')
    assert.match(String(answer.headers['retry-after']), /^[0-9]+$/)
    assert.equal((await stage.push(client)).status, 201)
  })
})

describe('RFC 9126 §2.2 – a pushed request', () => {
  test('T-PA-01 gets a reference of 256 bits that is stored as a hash, and how long it lives', async () => {
    const answer = await stage.push(client)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.match(String(answer.headers['content-type']), /^application\/json/)
    const { request_uri: requestUri, expires_in: expiresIn } = answer.json<{
      request_uri: string
      expires_in: number
    }>()
    assert.match(requestUri, /^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/)
    assert.equal(expiresIn, 60)
    const reference = requestUri.slice(PREFIX.length)
    assert.equal(await stage.realm.pushedRequests.find(reference), undefined)
    assert.equal((await stage.realm.pushedRequests.find(sha256(reference)))?.clientId, client.client_id)
  })

  test('comes from public clients too', async () => {
    const native = await stage.addClient({ token_endpoint_auth_method: 'none' })
    assert.match(await pushed({}, native), /^urn:/)
  })

  test('RFC 9126 §6 is the only way for a client that is registered so', async () => {
    const strict = await stage.addClient({ require_pushed_authorization_requests: true })
    const direct = await stage.authorize(stage.server.browser(), stage.parametersFor(strict))
    assert.equal(responseOf(direct).get('error'), 'invalid_request')
    const browser = stage.server.browser()
    const answer = await stage.authorize(browser, {
      client_id: strict.client_id,
      request_uri: await pushed({}, strict),
    })
    const consent = await stage.arrive(browser, await stage.signIn(browser, await stage.arrive(browser, answer), alice))
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })
})

describe('RFC 9126 §4 – a request_uri at the authorization endpoint', () => {
  test('T-PA-01 that is unknown is a page', async () => {
    for (const reference of ['', 'x', 'a'.repeat(43), '%00', '../../x']) {
      assertInvalidRequestUri(await visit(`${PREFIX}${reference}`))
    }
  })

  test('T-PA-01 is only good for the client that pushed it', async () => {
    const other = await stage.addClient()
    const requestUri = await pushed()
    assertInvalidRequestUri(await visit(requestUri, undefined, { client_id: other.client_id }))
    assertInvalidRequestUri(await visit(requestUri, undefined, { client_id: '' }))
    assert.ok(isLogin(await visit(requestUri)))
  })

  test('T-IS-08 is only good in its realm', async () => {
    const answer = await stage.server.request(
      'GET',
      `/realms/_/authorize?${new URLSearchParams({ client_id: client.client_id, request_uri: await pushed() })}`,
    )
    assertInvalidRequestUri(answer)
  })

  test('RFC 9126 §2.2 has its time', async (t) => {
    t.after(() => {
      ahead = 0
    })
    const requestUri = await pushed()
    ahead = 59_000
    assert.ok(isLogin(await visit(requestUri)))
    ahead = 60_000
    assertInvalidRequestUri(await visit(requestUri))
  })

  test('RFC 9126 §2.2 may be completed after its time when it was visited within', async (t) => {
    t.after(() => {
      ahead = 0
    })
    const browser = stage.server.browser()
    const login = await stage.arrive(browser, await visit(await pushed({ prompt: 'login consent' }), browser))
    ahead = 300_000
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
  })

  test('RFC 9101 §5 beside a request is refused', async () => {
    const answer = await visit(await pushed(), undefined, { request: 'x.y.z' })
    assert.equal(errorCodeOf(answer.body), 'invalid_request')
  })

  test('RFC 9126 §4 is all that counts: what comes beside it is ignored', async () => {
    const browser = stage.server.browser()
    const beside = {
      state: 'outer',
      redirect_uri: 'https://evil.example/',
      scope: 'root',
      prompt: 'none',
      nonce: 'outer',
    }
    const login = await stage.arrive(
      browser,
      await visit(await pushed({ state: 'inner', prompt: 'consent' }), browser, beside),
    )
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    const parameters = responseOf(await stage.submit(browser, consent, { decision: 'allow' }))
    assert.equal(parameters.get('state'), 'inner')
  })

  test('a state that is only beside it is not returned', async () => {
    const answer = await visit(await pushed({ state: '', prompt: 'none' }), undefined, { state: 'outer' })
    assert.equal(responseOf(answer).has('state'), false)
  })

  test('T-PA-02 may be visited again until it is answered, and is dead after that', async () => {
    const browser = stage.server.browser()
    const requestUri = await pushed({ prompt: 'login consent' })
    assert.ok(isLogin(await visit(requestUri, browser)))
    const login = await stage.arrive(browser, await visit(requestUri, browser))
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    assert.ok(isLogin(await visit(requestUri, stage.server.browser())))
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
    assertInvalidRequestUri(await visit(requestUri, browser))
    assertInvalidRequestUri(await visit(requestUri))
  })

  test('T-PA-02 is dead after a refusal by the person, and after an error', async () => {
    const browser = stage.server.browser()
    const denied = await pushed({ prompt: 'login consent' })
    const login = await stage.arrive(browser, await visit(denied, browser))
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    assert.equal(responseOf(await stage.submit(browser, consent, { decision: 'deny' })).get('error'), 'access_denied')
    assertInvalidRequestUri(await visit(denied, browser))
    const silent = await pushed({ prompt: 'none' })
    assert.equal(responseOf(await visit(silent)).get('error'), 'login_required')
    assertInvalidRequestUri(await visit(silent))
  })

  test('T-PA-02 gives one code to fifty visits at once by a person who is signed in', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const requestUri = await pushed()
    const answers = await Promise.all(Array.from({ length: 50 }, () => visit(requestUri, browser)))
    const codes = answers.filter(({ headers }) => (headers.location ?? '').includes('code='))
    assert.equal(codes.length, 1)
    assert.ok(answers.every(({ status }) => status === 303 || status === 400 || status === 409))
  })

  test('T-PA-02 gives one code to fifty consents at once, in two tabs', async () => {
    const browser = stage.server.browser()
    const requestUri = await pushed({ prompt: 'consent' })
    const login = await stage.arrive(browser, await visit(requestUri, browser))
    const first = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    const second = await stage.arrive(browser, await visit(requestUri, browser))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => stage.submit(browser, n % 2 === 0 ? first : second, { decision: 'allow' })),
    )
    const codes = answers.filter(({ headers }) => (headers.location ?? '').startsWith(REDIRECT_URI))
    assert.equal(codes.length, 1)
    assert.ok(answers.every(({ status }) => status === 303 || status === 409))
  })
})

describe('T-PA-04 RFC 9126 §7.4 – what changed between the push and the visit counts', () => {
  test('the redirect URI was removed from the client', async () => {
    const changing = await stage.addClient()
    const requestUri = await pushed({}, changing)
    await stage.changeClient(changing, (known) => ({
      ...known,
      metadata: { ...known.metadata, redirect_uris: ['https://app.example/new'] },
    }))
    const answer = await stage.authorize(stage.server.browser(), {
      client_id: changing.client_id,
      request_uri: requestUri,
    })
    assert.equal(answer.status, 400)
    assert.equal(answer.headers.location, undefined)
  })

  test('the client was disabled, before the visit and while the person reads', async () => {
    const changing = await stage.addClient()
    const browser = stage.server.browser()
    const requestUri = await pushed({}, changing)
    const login = await stage.arrive(
      browser,
      await stage.authorize(browser, { client_id: changing.client_id, request_uri: requestUri }),
    )
    await stage.changeClient(changing, (known) => ({ ...known, enabled: false }))
    const again = await stage.authorize(browser, { client_id: changing.client_id, request_uri: requestUri })
    assert.equal(errorCodeOf(again.body), 'invalid_client')
    const submitted = await stage.submit(browser, login, { username: alice.username, password: alice.password })
    assert.equal(errorCodeOf(submitted.body), 'invalid_client')
  })

  test('a scope was taken from the client, while the person reads', async () => {
    const changing = await stage.addClient()
    const browser = stage.server.browser()
    const login = await stage.begin(browser, stage.parametersFor(changing, { scope: 'openid email' }))
    const consent = await stage.arrive(browser, await stage.signIn(browser, login, alice))
    await stage.changeClient(changing, (known) => ({ ...known, metadata: { ...known.metadata, scope: 'openid' } }))
    const answer = await stage.submit(browser, consent, { decision: 'allow' })
    assert.equal(responseOf(answer).get('error'), 'invalid_scope')
  })
})
