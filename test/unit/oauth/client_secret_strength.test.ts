/** Which client secrets may be brought along. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isStrongSecret } from '../../../src/oauth/client_secret_strength.ts'

for (const secret of [
  '',
  'short',
  'correcthorsebatterystaplecorrecthorse',
  '31415926535897932384626433832795',
  'x'.repeat(64),
  'correct horse battery staple',
  'passwordpasswordpasswordpassword',
  '12345678901234567890123456789012',
  'abcdefghijklmnopqrstuvwxyz0123456789',
  'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb',
  'zyxwvutsrqponmlkjihgfedcba9876543210',
  `${randomBytes(32).toString('base64url')}\n`,
  `ü${randomBytes(32).toString('base64url')}`,
  randomBytes(300).toString('base64url'),
])
  test(`RFC 6749 §10.10 – ${JSON.stringify(secret.slice(0, 40))} (${secret.length}) could be guessed or sent wrong`, () => {
    assert.equal(isStrongSecret(secret), false)
  })

test('RFC 6749 §10.10 – what a machine made is taken, in every usual alphabet', () => {
  for (let count = 0; count < 200; count += 1) {
    assert.equal(isStrongSecret(randomBytes(32).toString('base64url')), true)
    assert.equal(isStrongSecret(randomBytes(24).toString('base64')), true)
    assert.equal(isStrongSecret(randomBytes(32).toString('hex')), true)
  }
})
