import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret, URI } from 'otpauth'
import { canonicalSecret, findStep, newSecret, otpauthUrl } from '../../../src/authentication/totp_code.ts'
import type { TotpAlgorithm } from '../../../src/storage/totp_credentials.ts'
import { systemRandom } from '../../../src/system/random.ts'

/** RFC 6238 Appendix B, with the keys of its reference code: the digits 1 to 0, as long as the output of the HMAC. */
const KEYS: Record<TotpAlgorithm, string> = {
  SHA1: Secret.fromUTF8('12345678901234567890').base32,
  SHA256: Secret.fromUTF8('12345678901234567890123456789012').base32,
  SHA512: Secret.fromUTF8('1234567890123456789012345678901234567890123456789012345678901234').base32,
}

const VECTORS: readonly [seconds: number, algorithm: TotpAlgorithm, code: string][] = [
  [59, 'SHA1', '94287082'],
  [59, 'SHA256', '46119246'],
  [59, 'SHA512', '90693936'],
  [1_111_111_109, 'SHA1', '07081804'],
  [1_111_111_109, 'SHA256', '68084774'],
  [1_111_111_109, 'SHA512', '25091201'],
  [1_111_111_111, 'SHA1', '14050471'],
  [1_111_111_111, 'SHA256', '67062674'],
  [1_111_111_111, 'SHA512', '99943326'],
  [1_234_567_890, 'SHA1', '89005924'],
  [1_234_567_890, 'SHA256', '91819424'],
  [1_234_567_890, 'SHA512', '93441116'],
  [2_000_000_000, 'SHA1', '69279037'],
  [2_000_000_000, 'SHA256', '90698825'],
  [2_000_000_000, 'SHA512', '38618901'],
  [20_000_000_000, 'SHA1', '65353130'],
  [20_000_000_000, 'SHA256', '77737706'],
  [20_000_000_000, 'SHA512', '47863826'],
]

const keyOf = (algorithm: TotpAlgorithm, step = 30) => ({ secretBase32: KEYS[algorithm], algorithm, step })

describe('one-time codes', () => {
  test('what is not six ASCII digits is no code', () => {
    for (const code of ['', '28708', '2870822', '94287082', ' 287082', '２８７０８２', '28708a', '-28708', '2870.8'])
      assert.equal(findStep(keyOf('SHA1'), code, 59_000), undefined, code)
  })

  test('RFC 6238 §5.2 – a code of two steps before or after is refused', () => {
    for (const seconds of [1_234_567_890 - 60, 1_234_567_890 + 60])
      assert.equal(findStep(keyOf('SHA1'), '005924', seconds * 1000), undefined)
  })

  test('a code of another secret, algorithm or step is refused', () => {
    const now = 1_234_567_890_000
    assert.equal(findStep({ ...keyOf('SHA1'), secretBase32: KEYS.SHA256 }, '005924', now), undefined)
    assert.equal(findStep({ ...keyOf('SHA1'), algorithm: 'SHA256' }, '005924', now), undefined)
    assert.equal(findStep(keyOf('SHA1', 60), '005924', now), undefined)
  })

  // The last six digits of the eight: both are the same number, cut at another power of ten (RFC 4226 §5.3).
  for (const [seconds, algorithm, code] of VECTORS)
    test(`RFC 6238 Appendix B – ${algorithm} at ${seconds} is ${code}`, () => {
      assert.equal(findStep(keyOf(algorithm), code.slice(-6), seconds * 1000), Math.floor(seconds / 30))
    })

  test('RFC 6238 §5.2 – one step of drift either way counts as that step', () => {
    const step = Math.floor(1_234_567_890 / 30)
    assert.equal(findStep(keyOf('SHA1'), '005924', 1_234_567_890_000 - 30_000), step)
    assert.equal(findStep(keyOf('SHA1'), '005924', 1_234_567_890_000 + 30_000), step)
  })
})

describe('the secret of an authenticator app', () => {
  test('RFC 4226 §4 – one of less than 128 bits is refused, and what is no base32, and what is far too long', () => {
    const ofBytes = (size: number): string => new Secret({ buffer: new Uint8Array(size).fill(7).buffer }).base32
    for (const text of ['', '        ', 'A'.repeat(24), ofBytes(15), `${KEYS.SHA1}!`, `${KEYS.SHA1}0`, ofBytes(129)])
      assert.equal(canonicalSecret(text), undefined, text)
    assert.equal(canonicalSecret(ofBytes(16)), ofBytes(16))
  })

  test('is read as people type it', () => {
    const typed = `${KEYS.SHA1.toLowerCase().replace(/.{4}/g, '$& ')}====`
    assert.equal(canonicalSecret(typed), KEYS.SHA1)
  })

  test('RFC 6238 §5.1 – a new one is as long as the output of its HMAC, and another one every time', () => {
    const lengths = { SHA1: 20, SHA256: 32, SHA512: 64 }
    for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const) {
      const secret = newSecret(algorithm, systemRandom)
      assert.equal(Secret.fromBase32(secret).bytes.length, lengths[algorithm])
      assert.equal(canonicalSecret(secret), secret)
      assert.notEqual(newSecret(algorithm, systemRandom), secret)
    }
  })

  test('its key URI says all that an app needs, whatever the names', () => {
    const username = 'a:b/c?d&e=f "ü" %00'
    const url = otpauthUrl(
      { secretBase32: KEYS.SHA256, algorithm: 'SHA256', step: 60 },
      'auth.example (shop)',
      username,
    )
    const read = URI.parse(url)
    assert.match(url, /^otpauth:\/\/totp\/[!-~]+$/)
    assert.equal(read.label, username)
    assert.equal(read.issuer, 'auth.example (shop)')
    assert.equal(read.secret.base32, KEYS.SHA256)
    const { searchParams } = new URL(url)
    assert.deepEqual(
      ['algorithm', 'digits', 'period'].map((name) => searchParams.get(name)),
      ['SHA256', '6', '60'],
    )
  })
})
