/** RFC 9101 §4 – what one request object may be used for, and how often. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { clientBasic } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const key = createKey('ES256')

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let stage: AuthorizationStage
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => Date.now() + ahead } })
  client = await stage.addClient({ jwks: { keys: [publicJwkOf(key, { kid: 'k1' })] } })
})
after(() => stage.server.close())

const sign = (jti: unknown): string => {
  const now = Math.floor((Date.now() + ahead) / 1000)
  const { client_id: id } = client
  const envelope = { iss: id, aud: stage.server.issuer, nbf: now, exp: now + 60, jti }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, { ...stage.parametersFor(client), ...envelope })
}

const push = (request: string) =>
  stage.server.request('POST', '/par', {
    form: { request },
    headers: { authorization: clientBasic(client.client_id, client.client_secret ?? '') },
  })

test('RFC 9101 §4 – an object with a jti comes again when its page is reloaded, until it expires', async (t) => {
  t.after(() => {
    ahead = 0
  })
  const alice = await stage.addUser('alice')
  const browser = await stage.signedInBrowser(alice, client)
  const request = sign('once-1')
  const codes = []
  for (let visit = 0; visit < 2; visit++)
    codes.push(responseOf(await stage.authorize(browser, { client_id: client.client_id, request })).get('code'))
  assert.ok(codes[0] && codes[1])
  assert.notEqual(codes[0], codes[1])
  ahead = 61_000
  const late = await stage.authorize(browser, { client_id: client.client_id, request })
  assert.equal(late.status, 400)
  assert.equal(late.headers.location?.startsWith(REDIRECT_URI) ?? false, false)
})

test('RFC 9126 §2.2 – an object with a jti is pushed again when the answer was lost, and each reference is its own', async () => {
  const request = sign('once-2')
  const references = []
  for (let attempt = 0; attempt < 2; attempt++) {
    const pushed = await push(request)
    assert.equal(pushed.status, 201)
    references.push(pushed.json().request_uri)
  }
  assert.notEqual(references[0], references[1])
})
