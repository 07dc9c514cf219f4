import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRecoveryCodes, recoveryCodeHash } from '../../../src/authentication/recovery_code.ts'
import { systemRandom } from '../../../src/system/random.ts'

test('T-BF-15 what is no recovery code has no hash', () => {
  for (const text of ['', '123456', 'ABCDE-FGHJK-MNPQR-STVWX-YZ01', 'ABCDE-FGHJK-MNPQR-STVWX-YZ0123', 'U'.repeat(25)])
    assert.equal(recoveryCodeHash(text), undefined, text)
  assert.equal(recoveryCodeHash(`ABCDE-FGHJK-MNPQR-STVWX-YZ012${' '.repeat(1_000_000)}x`) !== undefined, true)
})

test('T-BF-15 OWASP ASVS 6.5.2 ten codes of 125 bits, all of them different', () => {
  const codes = Array.from({ length: 20 }, () => newRecoveryCodes(systemRandom))
  for (const ten of codes) assert.equal(ten.length, 10)
  const all = codes.flat()
  assert.equal(new Set(all).size, 200)
  for (const code of all) assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/)
  // All of the alphabet and the dash: 5000 characters miss one of them with a chance of less than 10^-60.
  assert.equal(new Set(all.join('')).size, 33)
})

test('T-BF-15 a code is the same in either case, with dashes, spaces or none, and with letters that look like digits', () => {
  const hash = recoveryCodeHash('A0CDE-F1HJK-MNPQR-STVWX-YZ012')
  for (const text of ['a0cdef1hjkmnpqrstvwxyz012', ' A0CDE F1HJK MNPQR STVWX YZ012 ', 'aOcde-fIhjk-mnpqr-stvwx-yzol2'])
    assert.equal(recoveryCodeHash(text), hash, text)
  assert.notEqual(recoveryCodeHash('A0CDE-F1HJK-MNPQR-STVWX-YZ013'), hash)
})
