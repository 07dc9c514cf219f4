import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  codeFields,
  errorFields,
  formActionFor,
  redirectHost,
  redirectLocation,
} from '../../../src/authorization/response.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { requestWith } from '../../support/authorization.ts'

const ISSUER = 'https://sso.example'

describe('T-IS-06 RFC 9207 §2 – every answer names the issuer', () => {
  test('an error, with state and nothing that was not asked for', () => {
    const error = new OAuthError('invalid_scope', 'The scope parameter is malformed', { hint: 'for the log' })
    assert.deepEqual(errorFields(ISSUER, requestWith({ state: 'xyz' }), error), {
      error: 'invalid_scope',
      error_description: 'The scope parameter is malformed',
      state: 'xyz',
      iss: ISSUER,
    })
  })

  test('a code, without state when there was none', () => {
    assert.deepEqual(codeFields(ISSUER, requestWith(), 'secret'), { code: 'secret', iss: ISSUER })
  })
})

describe('T-RU-07 RFC 6749 §3.1.2 – the redirect URI keeps its octets and gets the answer after them', () => {
  for (const [uri, location] of [
    ['https://app.example/cb', 'https://app.example/cb?code=c'],
    ['https://app.example', 'https://app.example?code=c'],
    ['https://app.example/cb?', 'https://app.example/cb?code=c'],
    ['https://app.example/cb?a=b%20c&d', 'https://app.example/cb?a=b%20c&d&code=c'],
    ['https://app.example/cb?a=b&', 'https://app.example/cb?a=b&code=c'],
    ['com.example.app:/cb', 'com.example.app:/cb?code=c'],
  ] as const) {
    test(uri, () => assert.equal(redirectLocation(uri, { code: 'c' }), location))
  }

  test('each parameter comes once and says what it said, whatever the state is', () => {
    const states = fc.stringMatching(/^[\x20-\x7e]{1,60}$/)
    const uris = fc.constantFrom('https://app.example/cb', 'https://app.example/cb?dummy1=lorem&dummy2=ipsum')
    fc.assert(
      fc.property(states, uris, (state, uri) => {
        const location = redirectLocation(uri, codeFields(ISSUER, requestWith({ state }), 'c'))
        assert.ok(location.startsWith(uri))
        assert.match(location, /^[\x21-\x7e]+$/)
        const parameters = new URL(location).searchParams
        for (const [name, value] of [
          ['code', 'c'],
          ['state', state],
          ['iss', ISSUER],
        ] as const) {
          assert.deepEqual(parameters.getAll(name), [value])
        }
      }),
    )
  })
})

test('CSP Level 3 §6.4.1 – a form may lead to the redirect URI and on to where that leads', () => {
  assert.deepEqual(formActionFor('https://app.example/cb'), ['https:'])
  assert.deepEqual(formActionFor('http://127.0.0.1:5000/cb'), ['https:', 'http://127.0.0.1:5000'])
  assert.deepEqual(formActionFor('http://[::1]:5000/cb'), ['https:', 'http:'])
  assert.deepEqual(formActionFor('com.example.app:/cb;x'), ['https:', 'com.example.app:'])
})

test('T-IS-07 – the consent page shows where the answer goes', () => {
  assert.equal(redirectHost('https://app.example:8443/cb'), 'app.example:8443')
  assert.equal(redirectHost('http://127.0.0.1:5000/cb'), '127.0.0.1:5000')
  assert.equal(redirectHost('com.example.app://callback'), 'com.example.app:')
})
