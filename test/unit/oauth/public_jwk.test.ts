/** Which keys a client may register. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, type webcrypto } from 'node:crypto'
import { test } from 'node:test'
import type { PublicJwk } from '../../../src/oauth/client_metadata.ts'
import { jwksProblems, publicJwkProblem } from '../../../src/oauth/public_jwk.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const jwkOf = (key: { export(options: { format: 'jwk' }): webcrypto.JsonWebKey }): PublicJwk =>
  key.export({ format: 'jwk' }) as PublicJwk

for (const [name, jwk] of Object.entries({
  'a private EC key': jwkOf(ec.privateKey),
  'a private RSA key': jwkOf(rsa.privateKey),
  'a symmetric key': { kty: 'oct', k: 'c2VjcmV0' },
  'a symmetric key under another kty': { ...jwkOf(ec.publicKey), k: 'c2VjcmV0' },
  'an unknown kty': { kty: 'AKP' },
  'a short RSA key': jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey),
  'an exponent of one': { ...jwkOf(rsa.publicKey), e: 'AQ' },
  'an even exponent': { ...jwkOf(rsa.publicKey), e: 'AQAA' },
  'an exponent of 40 bits': { ...jwkOf(rsa.publicKey), e: 'AQAAAAE' },
  'a modulus of 16384 bits': { ...jwkOf(rsa.publicKey), n: Buffer.alloc(2_048, 0xc5).toString('base64url') },
  'a curve that is not allowed': jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
  'a key for agreement on a curve that is not allowed': jwkOf(generateKeyPairSync('x448').publicKey),
  'a point that is not on the curve': { ...jwkOf(ec.publicKey), y: jwkOf(ec.publicKey).x },
  'an EC key without y': { kty: 'EC', crv: 'P-256', x: jwkOf(ec.publicKey).x },
}))
  test(`T-JW-16 RFC 7518 §6 – ${name} is refused`, () => {
    assert.notEqual(publicJwkProblem(jwk as PublicJwk), undefined)
  })

test('RFC 7517 §4 – public keys are taken, with members that nobody here knows', () => {
  assert.equal(publicJwkProblem({ ...jwkOf(ec.publicKey), kid: 'one', x_custom: 1 }), undefined)
  assert.equal(publicJwkProblem(jwkOf(rsa.publicKey)), undefined)
  assert.equal(publicJwkProblem(jwkOf(generateKeyPairSync('ed25519').publicKey)), undefined)
  assert.equal(publicJwkProblem(jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)), undefined)
})

test('T-JW-17 a set has between one and twenty keys, and no kid twice', () => {
  const jwk = jwkOf(ec.publicKey)
  assert.equal(jwksProblems([]).length, 1)
  assert.equal(jwksProblems(Array.from({ length: 21 }, () => jwk)).length, 1)
  assert.equal(
    jwksProblems([
      { ...jwk, kid: 'a' },
      { ...jwk, kid: 'a' },
    ]).length,
    1,
  )
  assert.deepEqual(jwksProblems([{ ...jwk, kid: 'a' }, jwkOf(ec.privateKey)]), [
    { index: 1, problem: 'must not contain private or symmetric key material' },
  ])
})
