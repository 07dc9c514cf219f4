import 'reflect-metadata'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { readCertificateFields } from '../../../src/oauth/certificate_fields.ts'
import { believedSignature, isStrongKey } from '../../../src/oauth/signature_algorithms.ts'
import { ecPair, issue, rsaPair, type Wish } from '../../support/pki.ts'

const rsa = rsaPair(2048)

const of = async (wish: Wish) => {
  const fields = readCertificateFields((await issue(wish)).certificate.raw)
  assert.ok(fields)
  return believedSignature(fields.signatureAlgorithm)
}

describe('T-MT-01 RFC 5280 §4.1.1.2 – signatures that are not believed', () => {
  test('SHA-1, with each kind of key', async () => {
    assert.equal(await of({ hash: 'SHA-1' }), undefined)
    assert.equal(await of({ hash: 'SHA-1', pair: rsa }), undefined)
    assert.equal(await of({ hash: 'SHA-1', pair: rsa, isPss: true }), undefined)
  })

  test('MD5, DSA, and what nobody knows', () => {
    for (const oid of ['1.2.840.113549.1.1.4', '1.2.840.10040.4.3', '1.2.3.4', '__proto__', 'constructor'])
      assert.equal(believedSignature({ oid, parameters: '' }), undefined, oid)
  })

  test('RFC 4055 §3.1 – PSS without parameters means SHA-1', () => {
    for (const parameters of ['', '3000', '0500', '30'])
      assert.equal(believedSignature({ oid: '1.2.840.113549.1.1.10', parameters }), undefined)
  })
})

describe('RFC 5280 §4.1.1.2 – signatures that are believed', () => {
  test('RFC 5758 §3.2 – ECDSA', async () => {
    assert.deepEqual(await of({}), { hash: 'sha256', isPss: false })
    assert.deepEqual(await of({ hash: 'SHA-384' }), { hash: 'sha384', isPss: false })
  })

  test('RFC 4055 §5 – RSA', async () => {
    assert.deepEqual(await of({ pair: rsa }), { hash: 'sha256', isPss: false })
  })

  test('RFC 4055 §3.1 – PSS, by the hash in its parameters', async () => {
    assert.deepEqual(await of({ pair: rsa, isPss: true }), { hash: 'sha256', isPss: true })
    assert.deepEqual(await of({ pair: rsa, isPss: true, hash: 'SHA-384' }), { hash: 'sha384', isPss: true })
  })

  test('RFC 8410 §3 – Ed25519 brings its own hash', () => {
    assert.deepEqual(believedSignature({ oid: '1.3.101.112', parameters: '' }), { hash: undefined, isPss: false })
  })
})

test('keys below 112 bits of strength, and curves that few know, are refused', () => {
  const keys = [rsa, ecPair(), ecPair('P-521'), generateKeyPairSync('ed25519'), rsaPair(1024), ecPair('secp256k1')]
  assert.deepEqual(
    keys.map(({ publicKey }) => isStrongKey(publicKey)),
    [true, true, true, true, false, false],
  )
})
