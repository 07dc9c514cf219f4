/** RFC 7518 §3.2 – HS256 against the example of RFC 7515, and what it must not verify. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { parseJwt, parseMacJwt } from '../../../src/oauth/jwt.ts'
import { toMacAlg, verifyMac } from '../../../src/oauth/mac_algs.ts'
import { createKey, macAny, signAny } from '../../support/tokens.ts'

/** RFC 7515 Appendix A.1 */
const KEY = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'
const INPUT =
  'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const TAG = Buffer.from('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'base64url')

const key = createSecretKey(Buffer.from(KEY, 'base64url'))

test('RFC 7518 §3.2 – a tag that is shorter, longer, changed, or over something else is refused', () => {
  for (const tag of [TAG.subarray(0, 31), TAG.subarray(0, 16), Buffer.alloc(0), Buffer.concat([TAG, TAG])])
    assert.equal(verifyMac(key, INPUT, tag), false)
  const changed = Buffer.from(TAG)
  changed[31] = (changed[31] ?? 0) ^ 1
  assert.equal(verifyMac(key, INPUT, changed), false)
  assert.equal(verifyMac(key, `${INPUT}A`, TAG), false)
  assert.equal(verifyMac(key, INPUT, TAG), true)
})

test('T-JW-01 RFC 8725 §3.1 – a public key is no secret, and no text is readable as both kinds', () => {
  const pair = createKey('ES256')
  assert.equal(verifyMac(pair.publicKey, INPUT, TAG), false)
  const maced = macAny('x', { alg: 'HS256' }, {})
  const signed = signAny('ES256', pair.privateKey, { alg: 'ES256' }, {})
  assert.deepEqual([parseJwt(maced), parseMacJwt(signed)], [undefined, undefined])
  assert.deepEqual([parseMacJwt(maced)?.alg, parseJwt(signed)?.alg], ['HS256', 'ES256'])
})

test('RFC 8725 §3.1 – HS256 is the only name', () => {
  for (const name of ['HS384', 'HS512', 'hs256', 'HS256 ', 'none', 'ES256', '', undefined, ['HS256']])
    assert.equal(toMacAlg(name), undefined)
  assert.equal(toMacAlg('HS256'), 'HS256')
})
