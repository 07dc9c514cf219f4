import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseForm, queryParameters } from '../../../src/http/form.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'

const isInvalidRequest = (error: unknown): boolean => error instanceof OAuthError && error.code === 'invalid_request'

for (const [what, body] of [
  ['a repeated parameter', 'scope=a&scope=b'],
  ['a repeated parameter spelled with an escape', 'scope=a&sc%6Fpe=b'],
  ['a repeated parameter without values', 'scope=&scope='],
  ['a repeated __proto__', '__proto__=a&__proto__=b'],
  ['a truncated escape', 'state=%4'],
  ['an escape that is no hexadecimal', 'state=%zz'],
  ['an overlong UTF-8 sequence', 'state=%c0%af'],
  ['half of a surrogate pair', 'state=%ed%a0%80'],
  ['a NUL in a value', 'state=a%00b'],
  ['a NUL in a name', 'sta%00te=a'],
  ['more parameters than any request has', Array.from({ length: 101 }, (_, n) => `p${n}=1`).join('&')],
  ['a hundred thousand parameters', Array.from({ length: 100_000 }, (_, n) => `p${n}`).join('&')],
] as const) {
  test(`RFC 6749 §3.2 T-IN-05 – ${what} is refused`, () => {
    assert.throws(() => parseForm(body), isInvalidRequest)
  })
}

test('RFC 6749 §3.1 – a parameter without a value is treated as omitted', () => {
  const parameters = parseForm('state=&scope&nonce=n')
  assert.equal(parameters.get('state'), undefined)
  assert.equal(parameters.has('scope'), false)
  assert.deepEqual(parameters.names(), ['nonce'])
})

test('RFC 8707 §2 and RFC 8693 §2.1 – resource and audience may be repeated and keep their order', () => {
  const parameters = parseForm('resource=https%3A%2F%2Fa&audience=b&resource=https%3A%2F%2Fb&audience=a')
  assert.deepEqual(parameters.all('resource'), ['https://a', 'https://b'])
  assert.deepEqual(parameters.all('audience'), ['b', 'a'])
})

test('T-IN-04 – __proto__ is a name like any other and reaches no prototype', () => {
  const parameters = parseForm('__proto__=polluted&constructor=c')
  assert.equal(parameters.get('__proto__'), 'polluted')
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  assert.equal(Object.getPrototypeOf({}), Object.prototype)
})

test('RFC 6749 Appendix B – a plus is a space, and an escaped plus a plus', () => {
  assert.equal(parseForm('scope=openid+profile%2Bx').get('scope'), 'openid profile+x')
})

test('RFC 6749 Appendix B – what URLSearchParams writes is read back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
      fc.pre(!value.includes('\0') && value.isWellFormed())
      assert.equal(parseForm(new URLSearchParams({ state: value }).toString()).get('state'), value)
    }),
  )
})

test('T-IN-06 – no text at all makes the parser fail with anything but invalid_request', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      try {
        parseForm(text)
      } catch (error) {
        assert.ok(isInvalidRequest(error))
      }
    }),
  )
})

test('the query of a request target is read by the same rules', () => {
  assert.equal(queryParameters('/authorize?client_id=a%20b').get('client_id'), 'a b')
  assert.deepEqual(queryParameters('/authorize').names(), [])
  assert.throws(() => queryParameters('/authorize?a=1&a=2'), isInvalidRequest)
})
