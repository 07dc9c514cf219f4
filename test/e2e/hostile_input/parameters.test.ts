/** What a form body or a query must never do, whatever it holds. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type Answer, clientBasic, errorCodeOf } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FORM = 'application/x-www-form-urlencoded'
const FORM_ENDPOINTS = ['/token', '/par', '/introspect', '/revoke', '/realms/main/token']

/** Well-formed JSON, one of the codes of a refusal, and nothing that only a fault gives. */
const isRefusal = (answer: Answer): void => {
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.body.slice(0, 200)}`)
  const { error } = answer.json<{ error?: string }>()
  assert.match(error ?? '', /^[a-z_]+$/)
}

const prototypeBefore = Object.getOwnPropertyNames(Object.prototype).sort().join()

/** This process is the server: its prototypes are the ones that an attack would change. */
const isUntouched = (): void => {
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  assert.equal(Object.getOwnPropertyNames(Object.prototype).sort().join(), prototypeBefore)
}

const manyPairs = Array.from({ length: 100_000 }, (_, index) => `p${index}=1`).join('&')

const bodies: [string, string | Buffer][] = [
  ['a repeated parameter', 'grant_type=client_credentials&grant_type=client_credentials'],
  ['a repeated parameter in another writing', 'grant_type=client_credentials&grant%5Ftype=client_credentials'],
  ['a repeated parameter of no meaning', 'grant_type=client_credentials&x=1&x=2'],
  ['a percent sign without digits', 'grant_type=%'],
  ['a percent escape cut short', 'grant_type=client_credentials%4'],
  ['a percent escape of no hex digits', 'grant_type=%zz'],
  ['an overlong UTF-8 form', 'grant_type=%C0%AF'],
  ['a lone surrogate', 'grant_type=%ED%A0%80'],
  ['a NUL in a value', 'grant_type=client_credentials%00'],
  ['a NUL in a name', 'grant%00type=client_credentials'],
  ['a raw NUL', 'grant_type=client_credentials\0'],
  ['100,000 pairs', manyPairs.slice(0, 60_000)],
  ['a body beyond any use', manyPairs],
  ['bytes that are no UTF-8', Buffer.from([0x67, 0x3d, 0xff, 0xfe, 0x80])],
  ['UTF-16', Buffer.from('grant_type=client_credentials', 'utf16le')],
]

const contentTypes = [
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json, application/x-www-form-urlencoded',
  ' ',
  'application/x-www-form-urlencoded\t; charset=utf-8, text/plain',
  'application/x-www-form-urlencodedx',
]

describe('hostile input in parameters', () => {
  let server: TestServer
  let client: TestClient
  let authorization: string

  before(async () => {
    server = await startServer()
    client = await server.admin.createClient({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: '',
    })
    authorization = clientBasic(client.client_id, client.client_secret ?? '')
  })
  after(() => server.close())

  const post = (path: string, body: string | Buffer, contentType = FORM): Promise<Answer> =>
    server.request('POST', path, { body, headers: { 'content-type': contentType, authorization } })

  for (const path of FORM_ENDPOINTS) {
    for (const [what, body] of bodies) {
      test(`RFC 6749 §3.2 T-IN-05 T-IN-06 – ${what} at ${path} is refused`, async () => {
        isRefusal(await post(path, body))
        isUntouched()
      })
    }

    for (const contentType of contentTypes) {
      test(`T-CS-02 – a body of type ${JSON.stringify(contentType)} at ${path} is refused`, async () => {
        isRefusal(await post(path, 'grant_type=client_credentials', contentType))
      })
    }

    test(`RFC 9110 §8.4 T-HT-09 – an encoded body at ${path} is refused and never decoded`, async () => {
      const headers = { 'content-type': FORM, 'content-encoding': 'gzip', authorization }
      const answer = await server.request('POST', path, { body: 'grant_type=client_credentials', headers })
      assert.equal(answer.status, 415)
    })
  }

  test('RFC 6749 §3.2 – a repeated parameter is invalid_request even beside right credentials', async () => {
    const answer = await post('/token', 'grant_type=client_credentials&scope=&scope=a')
    assert.equal(answer.status, 400)
    assert.equal(answer.json().error, 'invalid_request')
  })

  test('RFC 6749 §3.2 T-IN-04 – names of the object prototype are unknown parameters and are ignored', async () => {
    const names = [
      '__proto__',
      '__proto__.polluted',
      '__proto__[polluted]',
      'constructor',
      'constructor.prototype.polluted',
      'prototype',
      'toString',
      'hasOwnProperty',
    ]
    const extra = names.map((name) => `${encodeURIComponent(name)}=1`).join('&')
    const answer = await post('/token', `grant_type=client_credentials&${extra}`)
    assert.equal(answer.status, 200, answer.body)
    isUntouched()
  })

  test('RFC 6749 §3.1 – a repeated parameter at the authorization endpoint shows a page and redirects nowhere', async () => {
    for (const query of [
      'client_id=a&client_id=b',
      'state=1&state=2&client_id=a',
      'redirect_uri=a&redirect_uri=b',
      'x=%zz',
      'x=%00',
    ]) {
      for (const answer of [
        await server.request('GET', `/authorize?${query}`),
        await server.request('POST', '/authorize', { body: query, headers: { 'content-type': FORM } }),
      ]) {
        assert.equal(answer.status, 400, query)
        assert.equal(answer.headers.location, undefined)
        assert.equal(errorCodeOf(answer.body), 'invalid_request')
      }
    }
  })

  test('T-IN-09 – JSON that is deep, wide, huge or names a prototype is refused', async () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, 1])))
    const hostile = [
      deep,
      wide,
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"a":1,"a":2}',
      '{',
      '',
      'null',
      '"x"',
      '\uFEFF{}',
      `{"id":"${'x'.repeat(70_000)}"}`,
    ]
    for (const body of hostile) {
      for (const path of [
        '/admin/realm',
        '/admin/realm/main/user',
        '/admin/realm/main/client',
        '/sessions/realms/main/clients',
      ]) {
        const answer = await server.admin.request('POST', path, {
          body,
          headers: { 'content-type': 'application/json' },
        })
        isRefusal(answer)
      }
      isUntouched()
    }
  })

  test('T-CS-02 – JSON under another content type is refused, and does nothing', async () => {
    const types = [
      'text/plain',
      FORM,
      'application/json; charset=utf-16',
      'application/json, text/plain',
      'application/jsonp',
      'multipart/form-data',
    ]
    for (const type of types) {
      const body = JSON.stringify({
        id: 'by-another-type',
        auth_params: {},
        session_max_age_seconds: 60,
        session_max_stale_age_seconds: 60,
      })
      const answer = await server.admin.request('POST', '/admin/realm', { body, headers: { 'content-type': type } })
      isRefusal(answer)
    }
    assert.equal((await server.admin.request('GET', '/admin/realm/by-another-type')).status, 404)
  })

  test('T-CA-06 – a malformed Authorization header is refused and never breaks anything', async () => {
    const headers = [
      'Basic',
      'Basic ',
      'Basic  eA==',
      'Basic %%%',
      'Basic bm9jb2xvbg==',
      'Basic JXp6OiV6eg==',
      'basic !',
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Digest x',
      'Basic eDp5, Basic eDp5',
      `Basic ${'A'.repeat(12_000)}`,
      'DPoP x',
      '\t',
      'Basic\teDp5',
      'Basic AAAA////',
    ]
    for (const header of headers) {
      const answer = await server.request('POST', '/token', {
        form: { grant_type: 'client_credentials' },
        headers: { authorization: header },
      })
      isRefusal(answer)
    }
  })

  test('Z-10 – no body at all makes an endpoint fail', async () => {
    const name = fc.constantFrom(
      'grant_type',
      'client_id',
      'client_secret',
      'code',
      'scope',
      'token',
      'redirect_uri',
      'resource',
      'refresh_token',
      'code_verifier',
      'client_assertion',
      'client_assertion_type',
      'request_uri',
      '__proto__',
      '',
    )
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'client_credentials',
        'authorization_code',
        'refresh_token',
        '%00',
        '%',
        '\0',
        '\r\n',
        'a'.repeat(5_000),
      ),
    )
    const body = fc
      .array(fc.tuple(name, value), { maxLength: 8 })
      .map((pairs) => pairs.map(([key, text]) => `${key}=${text}`).join('&'))
    const anything = fc.oneof(
      body,
      body.map((text) => encodeURI(text.toWellFormed())),
      fc.string({ maxLength: 200 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FORM_ENDPOINTS), anything, async (path, text) => {
        const answer = await post(path, text)
        assert.ok(answer.status < 500, `${answer.status} ${answer.body}`)
        if (answer.status !== 200) answer.json()
      }),
      { numRuns: 300 },
    )
    isUntouched()
  })

  test('Z-10 – no query at all makes a GET endpoint fail or redirect to a stranger', async () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 80 })
      .map((part) => encodeURI(part.toWellFormed()).replaceAll('#', ''))
    const path = fc.constantFrom(
      '/authorize',
      '/userinfo',
      '/logout',
      '/.well-known/openid-configuration',
      '/jwks.json',
      '/whoami',
      '/',
      '/interaction',
      '/realms/main/authorize',
      '/realms/nowhere/authorize',
      '/admin/realm',
    )
    await fc.assert(
      fc.asyncProperty(path, text, async (at, query) => {
        const answer = await server.request('GET', `${at}?client_id=${client.client_id}&${query}`)
        assert.ok(answer.status < 500, `${answer.status} ${answer.body}`)
        const { location } = answer.headers
        if (location) assert.ok(new URL(location, server.issuer).href.startsWith(server.issuer))
      }),
      { numRuns: 300 },
    )
  })
})
