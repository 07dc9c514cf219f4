/** Which passwords are taken, and in which form they are hashed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNewPassword, describePasswordProblem, toPassword } from '../../../src/authentication/password_policy.ts'

const problem = (text: string, username = 'alice'): string | undefined => checkNewPassword(text, username).problem

test('NIST SP 800-63B §3.1.1.2 – a password of fewer than 8 code points is refused', () => {
  assert.equal(problem(''), 'too_short')
  assert.equal(problem('abcdefg'), 'too_short')
  // Four code points, eight UTF-16 units.
  assert.equal(problem('😀😁😂🤣'), 'too_short')
})

test('T-BF-08 a password of more than 256 code points or 1024 bytes is refused', () => {
  assert.equal(problem('x'.repeat(257)), 'too_long')
  assert.equal(problem('x'.repeat(16 * 1024 * 1024)), 'too_long')
  assert.equal(problem('語'.repeat(350)), 'too_long')
})

test('T-BF-08 what no account can have as its password never reaches the hash', () => {
  assert.equal(toPassword(''), undefined)
  assert.equal(toPassword('x'.repeat(1_025)), undefined)
  assert.equal(toPassword('語'.repeat(342)), undefined)
  assert.equal(toPassword('lone surrogate \ud800'), undefined)
})

test('NIST SP 800-63B §3.1.1.2 – the most common passwords are refused, whatever their capitals', () => {
  for (const text of ['password1', 'Password1', '12345678', 'qwertyuiop', 'ILOVEYOU'])
    assert.equal(problem(text), 'common')
})

test('OWASP ASVS 6.2.11 the username is no password', () => {
  assert.equal(problem('Alice.Smith', 'alice.smith'), 'like_username')
})

test('a text with a lone surrogate is refused for what it is', () => {
  assert.equal(problem('lone surrogate \ud800'), 'malformed')
})

test('NIST SP 800-63B §3.1.1.2 – no rule asks for digits, capitals or special characters', () => {
  for (const text of ['only small letters and spaces', '語彙語彙語彙語彙', 'x'.repeat(200), '        nine spaces'])
    assert.equal(problem(text), undefined)
})

test('RFC 8265 §4 – two spellings of one character are one password', () => {
  const composed = checkNewPassword('caf\u00e9 au lait', 'alice')
  const decomposed = checkNewPassword('cafe\u0301 au lait', 'alice')
  assert.deepEqual(composed, decomposed)
})

test('every problem has words that end no sentence and quote nothing', () => {
  for (const name of ['malformed', 'too_short', 'too_long', 'common', 'like_username', 'same'] as const)
    assert.match(describePasswordProblem(name), /^The [a-z0-9 -]+$/)
})
