/** Which passwords are taken, and in which form they are hashed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNewPassword, describePasswordProblem, toPassword } from '../../../src/authentication/password_policy.ts'

const problem = (text: string, username = 'alice', realmId = 'shop'): string | undefined =>
  checkNewPassword(text, { username, realmId }).problem

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

test('NIST SP 800-63B §3.1.1.2 – what is made of common words, digits and neighbouring keys is refused', () => {
  const made = [
    ...['Jennifer1', 'dragon2024!', 'Sommer@2025', 'liverpool', 'drowssap1', 'monkeymonkey', 'Stephanie'],
    ...['12345678', '98765432', 'abcdefgh', 'poiuytrewq', 'йцукенгш', 'aaaaaaaa', 'abababab', '20252025', 'passpass'],
  ]
  for (const text of made) assert.equal(problem(text), 'common', text)
})

test('NIST SP 800-63B §3.1.1.2 – a password is compared as a whole: a common word inside it is no fault', () => {
  for (const text of [
    'dragonflies in the attic',
    'my password is long',
    'x7dragonK2',
    'monkey wrench works',
    'a'.repeat(40),
  ])
    assert.equal(problem(text), undefined, text)
})

test('OWASP ASVS 6.2.11 the username is no password, nor backwards, nor with a year behind it', () => {
  for (const text of [
    'Alice.Smith',
    'alicesmith',
    'htims.ecila',
    'AliceSmith2024',
    'alice.smith!',
    'alicesmithalicesmith',
  ])
    assert.equal(problem(text, 'alice.smith'), 'like_username', text)
  assert.equal(problem('barbarossa1', 'barbarossa@example.com'), 'like_username')
  assert.equal(problem('alice.smith has a dog', 'alice.smith'), undefined)
})

test('OWASP ASVS 6.2.11 the names of the realm and of this server are no passwords', () => {
  for (const text of ['our-shop', 'OurShop2025', 'pohsruo1', 'auth_server', 'AuthServer1', 'revres_htua'])
    assert.equal(problem(text, 'alice', 'our-shop'), 'like_service', text)
})

test('a text with a lone surrogate is refused for what it is', () => {
  assert.equal(problem('lone surrogate \ud800'), 'malformed')
})

test('NIST SP 800-63B §3.1.1.2 – no rule asks for digits, capitals or special characters', () => {
  for (const text of ['only small letters and spaces', '語彙が豊かな人々', 'x'.repeat(200), '        nine spaces'])
    assert.equal(problem(text), undefined)
})

test('RFC 8265 §4 – two spellings of one character are one password', () => {
  const context = { username: 'alice', realmId: 'shop' }
  const composed = checkNewPassword('caf\u00e9 au lait', context)
  const decomposed = checkNewPassword('cafe\u0301 au lait', context)
  assert.deepEqual(composed, decomposed)
})

test('every problem has words that end no sentence and quote nothing', () => {
  for (const name of ['malformed', 'too_short', 'too_long', 'common', 'like_username', 'like_service', 'same'] as const)
    assert.match(describePasswordProblem(name), /^The [a-z0-9 -]+$/)
})
