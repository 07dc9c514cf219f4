/** RFC 9101 §5.2 and OpenID Connect Core §6.2 – request objects that this server fetches from where the client keeps them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { CODE_CHALLENGE, REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { type RequestHost, startRequestHost } from '../../support/request_host.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }

let stage: AuthorizationStage
let host: RequestHost
let alice: Person
let client: TestClient
let browser: Browser

before(async () => {
  stage = await openAuthorizationStage()
  host = await startRequestHost()
  alice = await stage.addUser('alice')
  client = await addReferring()
  browser = await stage.signedInBrowser(alice, client)
})
after(async () => {
  await host?.close()
  await stage?.server.close()
})

const at = (path = '/request'): string => `${host.origin}${path}`

const addReferring = (metadata = {}): Promise<TestClient> =>
  stage.addClient({ jwks, request_uris: [at(), at('/query?a=1&b=2')], ...metadata })

const sign = (by: TestClient, changes: Record<string, unknown> = {}): string => {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: by.client_id,
    aud: stage.server.issuer,
    client_id: by.client_id,
    exp: now + 60,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    state: 'inside',
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1', typ: 'oauth-authz-req+jwt' }, claims)
}

const hashOf = (content: string): string => createHash('sha256').update(content).digest('base64url')

const ask = (requestUri: string, by = client, extra: Record<string, string> = {}): Promise<Answer> =>
  stage.authorize(browser, { client_id: by.client_id, request_uri: requestUri, ...extra })

/** A page, because nobody knows at which address the client waits. */
const isPage = (answer: Answer, code: string, what = code): void => {
  assert.equal(answer.status, 400, what)
  assert.equal(answer.headers.location, undefined, what)
  assert.equal(errorCodeOf(answer.body), code, what)
}

describe('RFC 9101 §5.2 – refused with invalid_request_uri', () => {
  test('T-SS-01 RFC 9101 §10.4.1 is an address that is not the registered one, octet by octet, and nobody is asked', async () => {
    host.hold(sign(client))
    const others = [
      at('/other'),
      at('/request/'),
      at('/request?'),
      at('/request?a=1'),
      at('/./request'),
      at('/%72equest'),
      at('//request'),
      at().replace('127.0.0.1', '127.1'),
      at().replace('http:', 'HTTP:'),
      at().replace('http:', 'https:'),
      at().replace('http://', 'http://user@'),
      at('/query?b=2&a=1'),
      'https://169.254.169.254/latest',
      'file:///etc/passwd',
      'urn:example:request',
      'x',
    ]
    for (const uri of others) isPage(await ask(uri), 'invalid_request_uri', uri)
    assert.deepEqual(host.takeAsked(), [])
  })

  test('is any address, of a client that registered none, and that of another client', async () => {
    isPage(await ask(at(), await stage.addClient({ jwks })), 'invalid_request_uri')
    const other = await addReferring({ request_uris: [at('/mine')] })
    isPage(await ask(at(), other), 'invalid_request_uri')
    isPage(await ask(at('/mine')), 'invalid_request_uri')
    assert.deepEqual(host.takeAsked(), [])
  })

  test('OpenID Connect Core §6.2 is a fragment that is no hash, before anybody is asked, and the hash of something else', async () => {
    const content = sign(client)
    host.hold(content)
    for (const fragment of ['', 'section', `${hashOf(content)}=`, hashOf(content).slice(1)])
      isPage(await ask(`${at()}#${fragment}`), 'invalid_request_uri', fragment)
    assert.deepEqual(host.takeAsked(), [])
    isPage(await ask(`${at()}#${hashOf(`${content} `)}`), 'invalid_request_uri')
    assert.equal(host.takeAsked().length, 1)
  })

  test('T-SS-03 RFC 9101 §10.4.1 is an answer of another kind: a redirect, an error, another type, too much, nothing', async () => {
    const object = sign(client)
    const answers: [string, () => void][] = [
      ['404', () => host.answerWith((_request, response) => void response.writeHead(404).end(object))],
      ['500', () => host.answerWith((_request, response) => void response.writeHead(500).end(object))],
      [
        'a redirect',
        () => host.answerWith((_request, response) => void response.writeHead(302, { location: at('/other') }).end()),
      ],
      ['HTML', () => host.hold(object, { 'content-type': 'text/html' })],
      ['no type', () => host.hold(object, {})],
      ['a type that begins alike', () => host.hold(object, { 'content-type': 'application/jwt-more' })],
      ['too much', () => host.hold('a'.repeat(20_000))],
      ['no text', () => host.hold(Buffer.from([0xff, 0xfe, 0x00]))],
      ['an end', () => host.answerWith((request) => request.socket.destroy())],
    ]
    for (const [what, prepare] of answers) {
      prepare()
      isPage(await ask(at()), 'invalid_request_uri', what)
      assert.deepEqual(host.takeAsked(), ['/request'], what)
    }
  })
})

describe('RFC 9101 §5.2.3 – refused otherwise', () => {
  test('RFC 9101 §6.2 with invalid_request_object: what is there, but not a request of this client', async () => {
    const other = await addReferring()
    const contents = ['', 'x', 'x.y.z', sign(other), sign(client, { exp: 1 }), sign(client, { aud: 'https://x' })]
    for (const content of [...contents, sign(client, { request_uri: at() }), '{"client_id":"x"}']) {
      host.hold(content)
      isPage(await ask(at()), 'invalid_request_object', content)
    }
    host.takeAsked()
  })

  test('T-PA-03 with invalid_request: beside a request', async () => {
    isPage(await ask(at(), client, { request: sign(client) }), 'invalid_request')
    assert.deepEqual(host.takeAsked(), [])
  })

  test('T-RU-09 with a page: an address inside that is not registered', async () => {
    host.hold(sign(client, { redirect_uri: 'https://evil.example/' }))
    isPage(await ask(at()), 'invalid_request')
    isPage(await ask(at(), client, { redirect_uri: REDIRECT_URI }), 'invalid_request')
    host.takeAsked()
  })

  test('T-PA-03 RFC 9126 §2.1 at /par, where nothing is fetched', async () => {
    host.hold(sign(client))
    const answer = await stage.push(client, { request_uri: at() })
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
    assert.deepEqual(host.takeAsked(), [])
  })

  test('FAPI 2.0 §5.3.2.2 with request_uri_not_supported: from a client that has to push, and nothing is fetched', async () => {
    host.hold(sign(client))
    for (const metadata of [{ require_pushed_authorization_requests: true }, { profile: 'fapi2_security' as const }]) {
      const pushing = await addReferring(metadata)
      const answer = await ask(at(), pushing, stage.parametersFor(pushing))
      assert.equal(responseOf(answer).get('error'), 'request_uri_not_supported')
    }
    assert.deepEqual(host.takeAsked(), [])
  })
})

describe('RFC 9101 §5.2 – answered', () => {
  test('T-PA-06 by what the object says alone, fetched for each request', async () => {
    for (const state of ['first', 'second']) {
      host.hold(sign(client, { state }))
      const beside = { state: 'outside', redirect_uri: 'https://evil.example/', scope: 'root', nonce: 'outside' }
      const answer = responseOf(await ask(at(), client, beside))
      assert.ok(answer.get('code'))
      assert.equal(answer.get('state'), state)
    }
    assert.deepEqual(host.takeAsked(), ['/request', '/request'])
  })

  test('with a query that was registered, with a line break at the end of the file, and as the type it had before', async () => {
    host.hold(`${sign(client)}\n`, { 'content-type': 'application/jwt; charset=utf-8' })
    assert.ok(responseOf(await ask(at('/query?a=1&b=2'))).get('code'))
    assert.deepEqual(host.takeAsked(), ['/query?a=1&b=2'])
  })

  test('OpenID Connect Core §6.2 with the hash of the content as its fragment, registered or not', async () => {
    const content = sign(client)
    host.hold(content)
    assert.ok(responseOf(await ask(`${at()}#${hashOf(content)}`)).get('code'))
    const fixed = await addReferring({ consent: 'skip' })
    const own = sign(fixed)
    const pinned = `${at()}#${hashOf(own)}`
    await stage.changeClient(fixed, (known) => ({ ...known, metadata: { ...known.metadata, request_uris: [pinned] } }))
    host.hold(own)
    assert.ok(responseOf(await ask(pinned, fixed)).get('code'))
    isPage(await ask(at(), fixed), 'invalid_request_uri')
    assert.deepEqual(host.takeAsked(), ['/request', '/request'])
  })

  test('RFC 9101 §10.5 as signed, for a client that has to sign', async () => {
    const signing = await addReferring({ require_signed_request_object: true, consent: 'skip' })
    const now = Math.floor(Date.now() / 1000)
    host.hold(sign(signing, { nbf: now }))
    assert.ok(responseOf(await ask(at(), signing)).get('code'))
    host.takeAsked()
  })

  test('T-PA-05 after the person signed in, from what was fetched when they came', async () => {
    host.hold(sign(client, { prompt: 'login' }))
    const elsewhere = stage.server.browser()
    const first = await stage.authorize(elsewhere, { client_id: client.client_id, request_uri: at() })
    host.hold(sign(client, { redirect_uri: 'https://evil.example/', state: 'later' }))
    const answer = await stage.signIn(elsewhere, await stage.arrive(elsewhere, first), alice)
    assert.equal(responseOf(answer).get('state'), 'inside')
    assert.deepEqual(host.takeAsked(), ['/request'])
  })
})

describe('OpenID Connect Dynamic Client Registration §2 – request_uris', () => {
  const register = async (request_uris: unknown, more = {}): Promise<number> => {
    const json = { redirect_uris: ['https://client.example/callback'], jwks, request_uris, ...more }
    return (await stage.server.admin.request('POST', '/admin/realm/main/client', { json })).status
  }

  test('RFC 9101 §5.2 are https, short, and without a fragment but a hash; and there is a key that verifies what is there', async () => {
    for (const uri of [
      'http://app.example/r',
      'app.example/r',
      `https://app.example/${'a'.repeat(500)}`,
      'https://app.example/r#x',
    ])
      assert.equal(await register([uri]), 422, uri)
    assert.equal(await register('https://app.example/r'), 400)
    assert.equal(await register(['https://app.example/r'], { jwks: undefined }), 422)
  })

  test('are kept as they are', async () => {
    assert.equal(await register(['https://app.example/r', `https://app.example/r#${hashOf('x')}`]), 201)
  })
})
