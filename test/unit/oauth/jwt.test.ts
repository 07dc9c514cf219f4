import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNumericDate, parseJwt } from '../../../src/oauth/jwt.ts'
import { verifySignature } from '../../../src/oauth/signing_algs.ts'
import { createKey, encodePart, forgedJwts, signAny } from '../../support/tokens.ts'

const key = createKey('ES256')
const header = { alg: 'ES256', kid: 'k1', typ: 'JWT' }
const claims = { iss: 'app', sub: 'app', jti: '1' }

/** What every reader does: parse, then verify with the one key. */
const isAccepted = (token: string): boolean => {
  const jwt = parseJwt(token)
  return jwt !== undefined && verifySignature(jwt.alg, key.publicKey, jwt.signingInput, jwt.signature)
}

for (const [name, token] of forgedJwts(claims, header, key)) {
  test(`T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-05 T-JW-06 T-JW-07 T-JW-14 T-JW-15 T-JW-21 RFC 8725 §3.1 – a JWT with ${name} is refused`, () => {
    assert.equal(isAccepted(token), false)
  })
}

for (const [name, text] of [
  ['alg', '{"alg":"none","alg":"ES256"}'],
  ['an escaped alg', '{"\\u0061lg":"none","alg":"ES256"}'],
  ['a kid with blanks around the colon', `{"alg":"ES256","kid":"a","kid"${' '.repeat(100)}:"b"}`],
] as const) {
  test(`T-JW-19 RFC 7515 §4 – a header with ${name} twice is refused`, () => {
    assert.equal(isAccepted(signAny('ES256', key.privateKey, text, claims)), false)
  })
}

for (const text of [
  '{"iss":"a","iss":"b"}',
  '{"aud":"a","jti":"x","aud":"b"}',
  '{"a":{"b":1,"b":2}}',
  '{"a":[{"b":1,"b":2}]}',
  '{"\\u006a\\u0074i":"1","jti":"2"}',
]) {
  test(`T-JW-19 RFC 7519 §4 – claims with a member twice are refused: ${text}`, () => {
    assert.equal(isAccepted(signAny('ES256', key.privateKey, header, text)), false)
  })
}

for (const text of ['[]', '"text"', 'null', '1', '', '{', '{"a":1}x', '\u{feff}{}']) {
  test(`RFC 7519 §7.2 – claims that are no JSON object are refused: ${JSON.stringify(text)}`, () => {
    assert.equal(isAccepted(signAny('ES256', key.privateKey, header, text)), false)
  })
}

test('RFC 8725 §3.7 – octets that are not UTF-8 are refused', () => {
  const body = Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')
  assert.equal(parseJwt(`${encodePart(header)}.${body}.AAAA`), undefined)
})

test('RFC 7519 §7.2 – the same names in different objects are no repetition', () => {
  const nested = { a: { b: 'a:{"b":1,"b":2}', c: [{ b: 1 }, { b: 2 }] }, b: '\\"b\\":' }
  assert.deepEqual(parseJwt(signAny('ES256', key.privateKey, header, nested))?.claims, nested)
})

test('RFC 7515 §7.1 – a JWT in compact form is read, its typ in lower case and without application/', () => {
  const jwt = parseJwt(signAny('ES256', key.privateKey, { ...header, typ: 'application/AT+JWT' }, claims))
  assert.equal(jwt?.typ, 'at+jwt')
  assert.equal(jwt?.kid, 'k1')
  assert.equal(jwt?.alg, 'ES256')
  assert.deepEqual(jwt?.claims, claims)
})

test('RFC 9864 §2.2 – Ed25519 is another name of EdDSA', () => {
  const ed = createKey('EdDSA')
  const jwt = parseJwt(signAny('EdDSA', ed.privateKey, { alg: 'Ed25519' }, claims))
  assert.equal(jwt?.alg, 'EdDSA')
})

test('T-JW-11 RFC 7519 §2 – only whole, non-negative numbers are dates', () => {
  for (const value of ['1', -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 60, [1], null, undefined, true]) {
    assert.equal(isNumericDate(value), false)
  }
  assert.equal(isNumericDate(0), true)
  assert.equal(isNumericDate(1_767_225_600), true)
})
