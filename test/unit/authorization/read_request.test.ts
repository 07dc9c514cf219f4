import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReadIdTokenHint } from '../../../src/authorization/id_token_hint.ts'
import {
  AuthorizationRefused,
  createReadRequest,
  fromStored,
  toStored,
} from '../../../src/authorization/read_request.ts'
import type { Client } from '../../../src/oauth/client_metadata.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { toParameters } from '../../../src/oauth/parameters.ts'
import { CODE_CHALLENGE, clientWith, REDIRECT_URI, realmWith, settingsWith } from '../../support/authorization.ts'

const readIdTokenHint: ReadIdTokenHint = async (_realm, token) => {
  if (token === 'broken') throw new OAuthError('invalid_request', 'The id_token_hint is not an ID token of this issuer')
  return { subject: 'alice', clientId: token, sessionId: undefined }
}

const readRequest = createReadRequest({ readIdTokenHint })

const usual = {
  client_id: 'app',
  response_type: 'code',
  redirect_uri: REDIRECT_URI,
  scope: 'openid',
  state: 'xyz',
  code_challenge: CODE_CHALLENGE,
  code_challenge_method: 'S256',
}

type Changes = Record<string, string>

/** An empty value leaves the parameter out, as it does in a request. */
const read = (changes: Changes = {}, client: Client = clientWith(), pushed = false) => {
  const settings = settingsWith({ scopes: [{ name: 'orders', description: 'See your orders' }] })
  return readRequest(realmWith([client], { settings }), toParameters(Object.entries({ ...usual, ...changes })), {
    pushed,
  })
}

const isPageError = (code: string) => (error: unknown) =>
  error instanceof OAuthError && error.code === code && error.status === 400

const isRefusal =
  (code: string, { state }: { state: string | undefined } = { state: 'xyz' }) =>
  (error: unknown) => {
    assert.ok(error instanceof AuthorizationRefused)
    assert.equal(error.error.code, code)
    assert.equal(error.target.redirectUri, REDIRECT_URI)
    assert.equal(error.target.state, state)
    return true
  }

describe('OAuth 2.1 §4.1.2.1 – the error is a page, because nobody is known to own the address', () => {
  const many = clientWith({ redirect_uris: [REDIRECT_URI, 'https://app.example/other'] })
  const cases: [string, Changes, Client, string][] = [
    ['client_id is missing', { client_id: '' }, clientWith(), 'invalid_request'],
    ['the client is unknown', { client_id: 'other' }, clientWith(), 'invalid_client'],
    ['the client is disabled', {}, clientWith({}, { enabled: false }), 'invalid_client'],
    [
      'T-RU-09 redirect_uri is not registered',
      { redirect_uri: 'https://evil.example/' },
      clientWith(),
      'invalid_request',
    ],
    [
      'OAuth 2.1 §2.3.2 – redirect_uri is missing and several are registered',
      { redirect_uri: '', scope: 'profile' },
      many,
      'invalid_request',
    ],
    [
      'redirect_uri is missing and none is registered',
      { redirect_uri: '', scope: 'profile' },
      clientWith({ redirect_uris: [] }),
      'invalid_request',
    ],
    [
      'T-RU-06 redirect_uri is missing and the registered one is of a forbidden kind',
      { redirect_uri: '', scope: 'profile' },
      clientWith({ redirect_uris: ['javascript:alert(1)'] }),
      'invalid_request',
    ],
    [
      'OpenID Connect Core §3.1.2.1 – redirect_uri is missing and the request is OpenID Connect',
      { redirect_uri: '' },
      clientWith(),
      'invalid_request',
    ],
  ]
  for (const [what, changes, client, code] of cases) {
    test(what, async () => {
      await assert.rejects(read(changes, client), isPageError(code))
    })
  }

  test('T-RU-09 – whatever else is wrong with the request', async () => {
    const wrongs: Changes[] = [
      { response_type: 'token' },
      { response_mode: 'form_post' },
      { prompt: 'none' },
      { scope: 'root' },
      { code_challenge: '' },
      { request: 'x' },
      { state: 'ü' },
    ]
    for (const wrong of wrongs) {
      const request = read({ ...wrong, redirect_uri: 'https://evil.example/' })
      await assert.rejects(request, isPageError('invalid_request'))
    }
  })
})

describe('RFC 6749 §4.1.2.1 – the error goes to the client', () => {
  const publicClient = clientWith({ token_endpoint_auth_method: 'none', require_pkce: false })
  const nativeClient = clientWith({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] })
  const cases: [string, Changes, string, Client?][] = [
    ['RFC 6749 §4.1.1 – response_type is missing', { response_type: '' }, 'invalid_request'],
    ['RFC 6749 §3.1.1 – response_type is token', { response_type: 'token' }, 'unsupported_response_type'],
    ['OAuth 2.1 §4.1.1 – response_type is hybrid', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['response_type is spelled otherwise', { response_type: 'Code' }, 'unsupported_response_type'],
    [
      'RFC 6749 §4.1.2.1 – the client may not use the code grant',
      {},
      'unauthorized_client',
      clientWith({ grant_types: ['client_credentials'] }),
    ],
    [
      'RFC 7591 §2 – the client may not use response_type code',
      {},
      'unauthorized_client',
      clientWith({ response_types: [] }),
    ],
    ['Multiple Response Types §2.1 – response_mode is in upper case', { response_mode: 'QUERY' }, 'invalid_request'],
    ['response_mode is unknown', { response_mode: 'web_message' }, 'invalid_request'],
    [
      'N-21-14 RFC 7636 §4.4.1 – code_challenge is missing',
      { code_challenge: '', code_challenge_method: '' },
      'invalid_request',
    ],
    [
      'OAuth 2.1 §7.5.1 – a public client cannot do without code_challenge',
      { code_challenge: '', code_challenge_method: '' },
      'invalid_request',
      publicClient,
    ],
    [
      'code_challenge is missing beside its method',
      { code_challenge: '' },
      'invalid_request',
      clientWith({ require_pkce: false }),
    ],
    [
      'T-PK-04 RFC 7636 §4.3 – code_challenge_method is missing, which means plain',
      { code_challenge_method: '' },
      'invalid_request',
    ],
    ['T-PK-04 – code_challenge_method is plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['T-PK-04 – code_challenge_method is s256', { code_challenge_method: 's256' }, 'invalid_request'],
    ['T-PK-04 – code_challenge_method is a list', { code_challenge_method: 'S256,plain' }, 'invalid_request'],
    ['RFC 7636 §4.2 – code_challenge is too short', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['RFC 6749 §3.3 – the client is not registered for the scope', { scope: 'openid phone' }, 'invalid_scope'],
    [
      'RFC 6749 §3.3 – the scope is unknown to the realm',
      { scope: 'gone' },
      'invalid_scope',
      clientWith({ scope: 'openid gone' }),
    ],
    ['RFC 6749 §3.3 – scope is malformed', { scope: 'openid "x"' }, 'invalid_scope'],
    ['RFC 6749 §3.3 – scope is blank', { scope: ' ' }, 'invalid_scope'],
    ['scope names too many', { scope: Array.from({ length: 65 }, (_, n) => `s${n}`).join(' ') }, 'invalid_scope'],
    ['OpenID Connect Core §3.1.2.1 – nonce is too long', { nonce: 'a'.repeat(1_025) }, 'invalid_request'],
    ['nonce has a line feed', { nonce: 'a\nb' }, 'invalid_request'],
    ['OpenID Connect Core §3.1.2.1 – prompt is none and login', { prompt: 'none login' }, 'invalid_request'],
    ['OpenID Connect Prompt Create §4.1 – prompt is create', { prompt: 'create' }, 'invalid_request'],
    ['OpenID Connect Core §3.1.2.1 – max_age is negative', { max_age: '-1' }, 'invalid_request'],
    ['max_age is no number', { max_age: '1e3' }, 'invalid_request'],
    ['max_age is a fraction', { max_age: '1.5' }, 'invalid_request'],
    ['max_age is beyond 2^31', { max_age: '2147483649' }, 'invalid_request'],
    ['max_age has many digits', { max_age: '9'.repeat(400) }, 'invalid_request'],
    ['OpenID Connect Core §3.1.2.1 – id_token_hint cannot be verified', { id_token_hint: 'broken' }, 'invalid_request'],
    ['id_token_hint is of another client', { id_token_hint: 'other' }, 'invalid_request'],
    [
      'OpenID Connect Core §6.2 – request_uri is foreign',
      { request_uri: 'https://app.example/r' },
      'request_uri_not_supported',
    ],
    ['OpenID Connect Core §5.5 – claims is malformed', { claims: '{"userinfo":{"name":1}}' }, 'invalid_request'],
    ['OpenID Connect Core §7.2.1 – registration is present', { registration: '{}' }, 'registration_not_supported'],
    [
      'RFC 9126 §6 – the client must push its requests',
      {},
      'invalid_request',
      clientWith({ require_pushed_authorization_requests: true }),
    ],
  ]
  for (const [what, changes, code, client] of cases) {
    test(what, async () => {
      await assert.rejects(read(changes, client), isRefusal(code))
    })
  }

  test('T-RU-14 Form Post Response Mode §4 – form_post is refused for a private-use scheme', async () => {
    const request = read({ response_mode: 'form_post', redirect_uri: 'com.example.app:/cb' }, nativeClient)
    await assert.rejects(
      request,
      (error) => error instanceof AuthorizationRefused && error.target.responseMode === 'query',
    )
  })

  test('RFC 6749 §4.1.1 – state that is malformed or too long is refused and not echoed', async () => {
    for (const state of ['a'.repeat(2_049), 'a\nb', 'ü', '\u007f']) {
      await assert.rejects(read({ state }), isRefusal('invalid_request', { state: undefined }))
    }
  })

  test('Form Post Response Mode §2 – in the mode that the request asks for', async () => {
    await assert.rejects(
      read({ response_mode: 'form_post', scope: 'root' }),
      (error) => error instanceof AuthorizationRefused && error.target.responseMode === 'form_post',
    )
  })
})

describe('OAuth 2.1 §4.1.1 – a request that passes', () => {
  test('is one frozen object', async () => {
    const request = await read({ nonce: 'n', prompt: 'login', max_age: '0', login_hint: 'alice', id_token_hint: 'app' })
    const { client, ...rest } = request
    assert.equal(client.clientId, 'app')
    assert.deepEqual(rest, {
      redirectUri: REDIRECT_URI,
      redirectUriGiven: true,
      responseMode: 'query',
      state: 'xyz',
      scopes: ['openid'],
      nonce: 'n',
      codeChallenge: CODE_CHALLENGE,
      prompts: ['login'],
      maxAge: 0,
      hintedSubject: 'alice',
      loginHint: 'alice',
    })
    assert.ok(Object.isFrozen(request))
  })

  test('OAuth 2.1 §3.1 – may carry parameters that nobody knows', async () => {
    assert.equal((await read({ extra: 'foobar', claims: '{}', display: 'popup', ui_locales: 'xx' })).state, 'xyz')
  })

  test('OAuth 2.1 §2.3.2 – may leave redirect_uri out when only one is registered', async () => {
    const request = await read({ redirect_uri: '', scope: 'profile' })
    assert.equal(request.redirectUri, REDIRECT_URI)
    assert.equal(request.redirectUriGiven, false)
  })

  test('OAuth 2.1 §1.4.1 – gets the registered scopes that the realm knows when it names none', async () => {
    const request = await read({ scope: '' }, clientWith({ scope: 'openid orders gone' }))
    assert.deepEqual(request.scopes, ['openid', 'orders'])
  })

  test('OAuth 2.1 §7.5.2 – may do without PKCE where a confidential client is registered so', async () => {
    const request = await read({ code_challenge: '', code_challenge_method: '' }, clientWith({ require_pkce: false }))
    assert.equal(request.codeChallenge, undefined)
  })

  test('OpenID Connect Registration §2 – gets default_max_age where it has no max_age', async () => {
    const client = clientWith({ default_max_age: 60 })
    assert.equal((await read({}, client)).maxAge, 60)
    assert.equal((await read({ max_age: '5' }, client)).maxAge, 5)
  })

  test('RFC 9126 §6 – of a client that must push, when it was pushed', async () => {
    const client = clientWith({ require_pushed_authorization_requests: true })
    assert.equal((await read({}, client, true)).state, 'xyz')
  })

  test('T-RU-14 – uses form_post to https and to this machine', async () => {
    const client = clientWith({ redirect_uris: ['http://127.0.0.1/cb'] })
    const local = await read({ response_mode: 'form_post', redirect_uri: 'http://127.0.0.1:5000/cb' }, client)
    assert.equal(local.responseMode, 'form_post')
    assert.equal((await read({ response_mode: 'form_post' })).responseMode, 'form_post')
  })

  test('OpenID Connect Core §3.1.2.1 – state and nonce of conformance length stay as they are', async () => {
    const state = '-._~'.repeat(250)
    const nonce = 'n'.repeat(384)
    const request = await read({ state, nonce })
    assert.deepEqual([request.state, request.nonce], [state, nonce])
  })

  test('OpenID Connect Core §3.1.2.1 – a login_hint that helps nobody is no error', async () => {
    assert.equal((await read({ login_hint: 'a'.repeat(257) })).loginHint, undefined)
    assert.equal((await read({ login_hint: 'a\u0007' })).loginHint, undefined)
  })
})

test('T-PA-05 OAuth 2.1 §3.1 – only what is known is stored, and comes back the same', () => {
  const stored = toStored(toParameters([...Object.entries(usual), ['extra', 'x'], ['__proto__', 'y'], ['nonce', '']]))
  assert.deepEqual(stored, usual)
  assert.deepEqual(toStored(fromStored(stored)), usual)
})

describe('T-PA-07 OAuth 2.1 §4.1.1 – a request that is longer than any is not stored', () => {
  const long: [string, Changes][] = [
    ['a help that helps nobody', { login_hint: 'x'.repeat(20_000) }],
    ['one scope named again and again', { scope: 'openid '.repeat(3_000) }],
    ['one prompt named again and again', { prompt: 'login '.repeat(3_000) }],
    ['many parameters that are each short enough', { login_hint: 'x'.repeat(9_000), scope: 'openid '.repeat(1_200) }],
  ]
  for (const [what, changes] of long)
    test(`because of ${what}`, async () => {
      await assert.rejects(read(changes), isRefusal('invalid_request'))
      await assert.rejects(read(changes, clientWith(), true), isRefusal('invalid_request'))
    })

  test('where every parameter is as long as it may be, it passes', async () => {
    const { state } = await read({ state: 's'.repeat(2_048), nonce: 'n'.repeat(1_024), login_hint: 'x'.repeat(256) })
    assert.equal(state?.length, 2_048)
  })
})
