import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCodeChallenge, isCodeVerifier, verifyPkce } from '../../../src/oauth/pkce.ts'
import { CODE_CHALLENGE, CODE_VERIFIER } from '../../support/authorization.ts'

for (const [what, verifier] of [
  ['of one character', 'a'],
  ['of 42 characters', 'a'.repeat(42)],
  ['of 129 characters', 'a'.repeat(129)],
  ['with a character that is not unreserved', `${'a'.repeat(42)}+`],
  ['with a line feed after it', `${'a'.repeat(43)}\n`],
] as const) {
  test(`T-PK-03 RFC 7636 §4.1 – a verifier ${what} is none`, () => {
    assert.equal(isCodeVerifier(verifier), false)
    assert.equal(verifyPkce(CODE_CHALLENGE, verifier), false)
  })
}

for (const [what, challenge] of [
  ['of 42 characters', 'a'.repeat(42)],
  ['of 44 characters', 'a'.repeat(44)],
  ['with padding', `${'a'.repeat(42)}=`],
  ['in base64 instead of base64url', `${'a'.repeat(42)}/`],
  ['with a line feed after it', `${'a'.repeat(43)}\n`],
] as const) {
  test(`RFC 7636 §4.2 – a challenge ${what} is none`, () => assert.equal(isCodeChallenge(challenge), false))
}

test('RFC 7636 §4.6 – the challenge itself does not pass for the verifier, as `plain` would let it', () => {
  assert.equal(verifyPkce(CODE_CHALLENGE, CODE_CHALLENGE), false)
})

test('RFC 7636 Appendix B – the example of the specification verifies', () => {
  assert.ok(isCodeVerifier(CODE_VERIFIER) && isCodeChallenge(CODE_CHALLENGE))
  assert.ok(verifyPkce(CODE_CHALLENGE, CODE_VERIFIER))
})

test('RFC 7636 §4.6 – no other verifier verifies', () => {
  const verifiers = fc.stringMatching(/^[A-Za-z0-9._~-]{43,128}$/)
  fc.assert(fc.property(verifiers, (verifier) => verifyPkce(CODE_CHALLENGE, verifier) === (verifier === CODE_VERIFIER)))
})
