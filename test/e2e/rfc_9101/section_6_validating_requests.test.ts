/** RFC 9101 – signed authorization requests at /authorize and /par. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CODE_CHALLENGE, REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let signing: TestClient
let browser: Browser

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient({ jwks })
  signing = await stage.addClient({ jwks, require_signed_request_object: true })
  browser = await stage.signedInBrowser(alice, client)
  await stage.server.oauth.authorize(browser, signing, { client_id: signing.client_id, request: sign(signing) }, alice)
})
after(() => stage.server.close())

type Members = Record<string, unknown>

const sign = (by: TestClient, changes: Members = {}, header: Members = {}): string => {
  const now = Math.floor(stage.server.deps.clock.now() / 1000)
  const claims = {
    iss: by.client_id,
    aud: stage.server.issuer,
    client_id: by.client_id,
    nbf: now,
    exp: now + 60,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    state: 'inside',
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1', ...header }, claims)
}

const authorize = (by: TestClient, parameters: Record<string, string>, where = browser): Promise<Answer> =>
  stage.authorize(where, { client_id: by.client_id, ...parameters })

/** Only the object, and what shows who the client is. */
const push = (by: TestClient, form: Record<string, string>): Promise<Answer> =>
  stage.server.request('POST', '/par', {
    form,
    headers: { authorization: `Basic ${Buffer.from(`${by.client_id}:${by.client_secret}`).toString('base64')}` },
  })

const isPage = (answer: Answer, code: string): void => {
  assert.equal(answer.status, 400)
  assert.equal(errorCodeOf(answer.body), code)
  assert.equal(answer.headers.location, undefined)
}

const isJson = (answer: Answer, code: string): void => {
  assert.equal(answer.status, 400)
  assert.equal(answer.json<{ error: string }>().error, code)
}

describe('RFC 9101 §6.2 – refused', () => {
  test('T-PA-06 at /authorize with a page, because nobody knows whose address the object names', async () => {
    const outer = stage.parametersFor(client)
    isPage(await authorize(client, { ...outer, request: 'x.y.z' }), 'invalid_request_object')
    isPage(await authorize(client, { ...outer, request: sign(client, { aud: 'https://x' }) }), 'invalid_request_object')
    isPage(await authorize(client, { ...outer, request: sign(signing) }), 'invalid_request_object')
  })

  test('RFC 9126 §3 at /par in JSON', async () => {
    isJson(await push(client, { request: sign(signing) }), 'invalid_request_object')
    isJson(await push(client, { request: sign(client, { exp: 1 }) }), 'invalid_request_object')
    isJson(await push(signing, { request: sign(signing, { nbf: undefined }) }), 'invalid_request_object')
    isJson(await push(signing, { request: sign(signing, { request_uri: 'urn:x' }) }), 'invalid_request_object')
  })

  test('RFC 9101 §10.5 when it is not signed, and the client said that all of its requests are', async () => {
    const plain = stage.parametersFor(signing)
    isJson(await stage.push(signing), 'invalid_request')
    isJson(await stage.push(signing, { is_signed: 'true' }), 'invalid_request')
    for (const parameters of [plain, { ...plain, is_signed: 'true' }]) {
      const answer = responseOf(await authorize(signing, parameters))
      assert.equal(answer.get('error'), 'invalid_request')
      assert.equal(answer.get('code'), null)
    }
  })

  test('T-PA-04 RFC 9126 §7.4 when it was pushed unsigned before the client said that', async () => {
    const changing = await stage.addClient({ jwks })
    const { request_uri } = (await stage.push(changing)).json<{ request_uri: string }>()
    await stage.changeClient(changing, (known) => ({
      ...known,
      metadata: { ...known.metadata, require_signed_request_object: true },
    }))
    assert.equal(responseOf(await authorize(changing, { request_uri })).get('error'), 'invalid_request')
  })

  test('T-RU-09 with an address inside that is not registered', async () => {
    isPage(
      await authorize(client, { request: sign(client, { redirect_uri: 'https://evil.example/' }) }),
      'invalid_request',
    )
  })

  test('T-PA-03 RFC 9101 §5 beside the request_uri of a pushed request', async () => {
    const { request_uri } = (await push(client, { request: sign(client) })).json<{ request_uri: string }>()
    isPage(await authorize(client, { request_uri, request: sign(client) }), 'invalid_request')
  })
})

describe('RFC 9101 §6.3 – answered', () => {
  test('T-PK-06 T-PA-06 at /authorize, by what the object says alone', async () => {
    const outer = stage.parametersFor(client, {
      state: 'outside',
      nonce: 'outside',
      redirect_uri: 'https://evil.example/',
    })
    const answer = responseOf(await authorize(client, { ...outer, request: sign(client) }))
    assert.ok(answer.get('code'))
    assert.equal(answer.get('state'), 'inside')
  })

  test('RFC 9126 §3 at /par, with nothing but the object', async () => {
    const pushed = await push(signing, { request: sign(signing) })
    assert.equal(pushed.status, 201)
    const { request_uri } = pushed.json<{ request_uri: string }>()
    const answer = responseOf(await authorize(signing, { request_uri, state: 'outside' }))
    assert.ok(answer.get('code'))
    assert.equal(answer.get('state'), 'inside')
  })

  test('T-PA-05 after the person signed in, when the object itself has expired', async () => {
    const elsewhere = stage.server.browser()
    const login = await stage.arrive(elsewhere, await authorize(signing, { request: sign(signing) }, elsewhere))
    const answer = await stage.signIn(elsewhere, login, alice)
    assert.ok(responseOf(answer).get('code'))
  })

  test('RFC 9101 §6.3 with the errors of what it asks for', async () => {
    const answer = responseOf(await authorize(client, { request: sign(client, { scope: 'root' }) }))
    assert.equal(answer.get('error'), 'invalid_scope')
    assert.equal(answer.get('state'), 'inside')
  })
})
