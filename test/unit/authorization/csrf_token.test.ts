import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csrfToken, requireCsrfToken } from '../../../src/authorization/csrf_token.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'

const BROWSER = 'b'.repeat(43)
const PURPOSE = ['consent', 'interaction', 'session', 'alice', 'openid profile']
const token = csrfToken(BROWSER, PURPOSE)

const isForbidden = (error: unknown): boolean => error instanceof OAuthError && error.code === 'forbidden'

test('T-CS-01 – a form without a token, or with an invented one, is forbidden', () => {
  assert.throws(() => requireCsrfToken(undefined, BROWSER, PURPOSE), isForbidden)
  assert.throws(() => requireCsrfToken('x', BROWSER, PURPOSE), isForbidden)
  assert.throws(() => requireCsrfToken('x'.repeat(43), BROWSER, PURPOSE), isForbidden)
})

test('T-CS-01 – a token of another browser, or of none, is forbidden', () => {
  assert.throws(() => requireCsrfToken(token, 'c'.repeat(43), PURPOSE), isForbidden)
  assert.throws(() => requireCsrfToken(csrfToken('', PURPOSE), '', PURPOSE), isForbidden)
  assert.throws(() => requireCsrfToken(csrfToken('', PURPOSE), undefined, PURPOSE), isForbidden)
})

test('T-CS-06 – a token for another page, request, session, person or scope is forbidden', () => {
  for (const [index, part] of PURPOSE.entries()) {
    assert.throws(() => requireCsrfToken(token, BROWSER, PURPOSE.with(index, `${part}x`)), isForbidden)
  }
  assert.throws(() => requireCsrfToken(csrfToken(BROWSER, ['a', 'b']), BROWSER, ['a,b']), isForbidden)
})

test('T-CS-01 – the token of this very form passes', () => {
  assert.doesNotThrow(() => requireCsrfToken(token, BROWSER, PURPOSE))
})
