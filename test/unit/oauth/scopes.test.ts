import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OAuthError } from '../../../src/oauth/errors.ts'
import {
  isScopeToken,
  isSubset,
  joinScope,
  parseScope,
  STANDARD_SCOPES,
  scopeWords,
} from '../../../src/oauth/scopes.ts'

const isInvalidScope = (error: unknown): boolean => error instanceof OAuthError && error.code === 'invalid_scope'

for (const [what, scope] of [
  ['a quotation mark', 'openid "profile"'],
  ['a backslash', 'openid\\profile'],
  ['a tab between scopes', 'openid\tprofile'],
  ['a line feed', 'openid\nprofile'],
  ['a letter beyond ASCII', 'openid prøfile'],
  ['more than 64 scopes', Array.from({ length: 65 }, (_, n) => `s${n}`).join(' ')],
  ['more than 2 KiB', 'a'.repeat(2_049)],
] as const) {
  test(`RFC 6749 §3.3 – a scope parameter with ${what} is invalid_scope`, () => {
    assert.throws(() => parseScope(scope), isInvalidScope)
  })
}

test('RFC 6749 §3.3 – the order is kept, a scope that comes twice counts once', () => {
  assert.deepEqual(parseScope('profile openid profile'), ['profile', 'openid'])
  assert.deepEqual(parseScope(undefined), [])
})

test('RFC 6749 §3.3 – every scope-token survives parsing and joining', () => {
  const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,20}$/)
  fc.assert(
    fc.property(fc.uniqueArray(token, { maxLength: 64 }), (scopes) => {
      assert.ok(scopes.every(isScopeToken))
      assert.deepEqual(parseScope(joinScope(scopes)), scopes)
    }),
  )
})

test('RFC 6749 §3.3 – scopes are told apart by their case', () => {
  assert.equal(isSubset(['OpenID'], ['openid']), false)
  assert.equal(isSubset(['openid'], ['profile', 'openid']), true)
})

test('OpenID Connect Core §3.1.2.4 – every standard scope has words of its own, others the realm has described or their name', () => {
  const words = STANDARD_SCOPES.map((name) => scopeWords(name, undefined))
  assert.equal(new Set(words).size, STANDARD_SCOPES.length)
  assert.ok(words.every((text) => text.includes(' ')))
  assert.equal(scopeWords('orders:read', 'See your orders'), 'See your orders')
  assert.equal(scopeWords('orders:read', undefined), 'orders:read')
  assert.notEqual(scopeWords('email', 'Nothing at all'), 'Nothing at all')
})
