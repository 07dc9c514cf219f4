import 'reflect-metadata'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readCertificateFields } from '../../../src/oauth/certificate_fields.ts'
import {
  certificateKey,
  keyOfCertificateName,
  keysOfCertificate,
  namesOfCertificate,
  type SubjectFrom,
  thumbprintOf,
} from '../../../src/oauth/certificate_identity.ts'
import { issueClient, type Wish } from '../../support/pki.ts'

const keysOf = async (kind: SubjectFrom, wish: Wish): Promise<string[]> => {
  const { certificate } = await issueClient(wish)
  const fields = readCertificateFields(certificate.raw)
  assert.ok(fields)
  return keysOfCertificate(kind, fields, thumbprintOf(certificate.raw))
}

const named = (...names: Wish['names'] & object): Wish => ({ subject: 'CN=alice.example', names })

describe('T-MT-02 RFC 8705 §2.1.2 – only the one field counts', () => {
  test('no common name stands in for an alternative name', async () => {
    assert.deepEqual(await keysOf('san_dns', { subject: 'CN=alice.example' }), [])
    assert.deepEqual(await keysOf('san_email', { subject: 'CN=a@alice.example, E=a@alice.example' }), [])
  })

  test('an alternative name of another form does not count', async () => {
    const wish = named({ type: 'url', value: 'https://alice.example' }, { type: 'email', value: 'a@alice.example' })
    assert.deepEqual(await keysOf('san_dns', wish), [])
  })

  test('a wildcard is nobody', async () => {
    assert.deepEqual(await keysOf('san_dns', named({ type: 'dns', value: '*.example' })), [])
    assert.equal(certificateKey('san_dns', '*.example'), undefined)
  })

  test('a name that goes on behind a NUL is nobody', async () => {
    assert.deepEqual(await keysOf('san_dns', named({ type: 'dns', value: 'alice.example\0.evil.example' })), [])
    assert.deepEqual(await keysOf('san_email', named({ type: 'email', value: 'a@alice.example@evil.example' })), [])
  })

  test('an empty subject is nobody', async () => {
    assert.deepEqual(await keysOf('subject_dn', { subject: [] }), [])
  })

  test('one text is another name in another field', () => {
    assert.notEqual(certificateKey('san_dns', 'alice'), certificateKey('x5t_s256', 'alice'))
  })

  test('RFC 5321 §2.4 – a mailbox in other letters is another', () => {
    assert.notEqual(certificateKey('san_email', 'Alice@example.com'), certificateKey('san_email', 'alice@example.com'))
  })

  test('an empty name has no key', () => {
    assert.equal(keyOfCertificateName({}), undefined)
    assert.equal(keyOfCertificateName({ subject_dn: 'nonsense' }), undefined)
  })
})

describe('RFC 8705 §2.1.2 – the name that is registered and the name of the certificate meet', () => {
  test('subject_dn', async () => {
    const keys = await keysOf('subject_dn', { subject: 'C=DE, O=Example\\, Ltd., CN=alice' })
    assert.deepEqual(keys, [keyOfCertificateName({ subject_dn: 'cn=alice, O=Example\\2C Ltd.,C=DE' })])
  })

  test('san_dns, whatever the letters', async () => {
    const keys = await keysOf('san_dns', named({ type: 'dns', value: 'Alice.example' }))
    assert.deepEqual(keys, [keyOfCertificateName({ san_dns: 'ALICE.Example' })])
  })

  test('san_dns, every one of them once', async () => {
    const dns = (value: string) => ({ type: 'dns' as const, value })
    const keys = await keysOf('san_dns', named(dns('a.example'), dns('A.example'), dns('b.example')))
    assert.deepEqual(
      keys,
      ['a.example', 'b.example'].map((value) => certificateKey('san_dns', value)),
    )
  })

  test('san_email, the domain whatever its letters', async () => {
    const keys = await keysOf('san_email', named({ type: 'email', value: 'Alice@EXAMPLE.com' }))
    assert.deepEqual(keys, [keyOfCertificateName({ san_email: 'Alice@example.com' })])
  })

  test('RFC 8705 §3.1 – x5t_s256 is the digest of the DER', async () => {
    const { certificate } = await issueClient({})
    const fields = readCertificateFields(certificate.raw)
    assert.ok(fields)
    const thumbprint = thumbprintOf(certificate.raw)
    const hex = Buffer.from(thumbprint, 'base64url').toString('hex').toUpperCase()
    assert.equal(hex, certificate.fingerprint256.replaceAll(':', ''))
    assert.deepEqual(namesOfCertificate('x5t_s256', fields, thumbprint), [thumbprint])
    assert.deepEqual(keysOfCertificate('x5t_s256', fields, thumbprint), [
      keyOfCertificateName({ x5t_s256: thumbprint }),
    ])
  })
})
