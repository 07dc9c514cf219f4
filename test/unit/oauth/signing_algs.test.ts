import assert from 'node:assert/strict'
import { createHash, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import {
  createSignature,
  halfHash,
  SIGNING_ALGS,
  thumbprint,
  toJoseSignature,
  verifySignature,
} from '../../../src/oauth/signing_algs.ts'
import { createKey } from '../../support/tokens.ts'

test('RFC 7518 §3.1 – a signature does not verify with a key of another kind', () => {
  const keys = SIGNING_ALGS.map((alg) => ({ alg, key: createKey(alg) }))
  for (const { alg, key } of keys) {
    const signature = Buffer.from(createSignature(alg, key.privateKey)('input'), 'base64url')
    for (const other of keys) {
      if (other.alg === alg) continue
      assert.equal(verifySignature(other.alg, key.publicKey, 'input', signature), false, `${alg} as ${other.alg}`)
      assert.equal(
        verifySignature(alg, other.key.publicKey, 'input', signature),
        false,
        `${alg} by a key of ${other.alg}`,
      )
    }
    assert.equal(verifySignature(alg, key.publicKey, 'other', signature), false)
  }
})

for (const alg of SIGNING_ALGS) {
  test(`RFC 7518 §3.1 and RFC 8037 §3.1 – ${alg} signatures verify`, () => {
    const key = createKey(alg)
    const create = createSignature(alg, key.privateKey)
    for (const input of ['', 'input', 'x'.repeat(10_000)]) {
      assert.equal(verifySignature(alg, key.publicKey, input, Buffer.from(create(input), 'base64url')), true)
    }
  })
}

test('RFC 7518 §3.4 – r and s are 32 octets each, whatever their DER form', () => {
  const key = createKey('ES256')
  const lengths = new Set<number>()
  for (let round = 0; round < 600; round++) {
    const input = Buffer.from(String(round))
    const der = sign('sha256', input, key.privateKey)
    lengths.add(der.length)
    const signature = toJoseSignature(der)
    assert.equal(signature.length, 64)
    assert.equal(verify('sha256', input, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature), true)
  }
  assert.ok(lengths.size > 2)
})

test('RFC 7518 §3.4 – short integers are padded on the left', () => {
  const signature = toJoseSignature(Buffer.from('3006020101020102', 'hex'))
  assert.equal(signature.toString('hex'), `${'00'.repeat(31)}01${'00'.repeat(31)}02`)
})

test('RFC 7638 §3.1 and §3.2 – the thumbprint of the example', () => {
  const jwk = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }
  assert.equal(thumbprint(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('OpenID Connect Core §3.1.3.6 – at_hash is the left half of the hash of the ID token algorithm', () => {
  const half = (name: string): string => {
    const digest = createHash(name).update('token').digest()
    return digest.subarray(0, digest.length / 2).toString('base64url')
  }
  assert.equal(halfHash('RS256', 'token'), half('sha256'))
  assert.equal(halfHash('ES256', 'token'), half('sha256'))
  assert.equal(halfHash('EdDSA', 'token'), half('sha512'))
  // The example of OpenID Connect Core §A.3.
  assert.equal(halfHash('RS256', 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'), '77QmUPtjPfzWtF2AnpK9RQ')
})
