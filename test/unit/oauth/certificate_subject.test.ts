import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readCertificateFields } from '../../../src/oauth/certificate_fields.ts'
import { isPossibleSubject, isSubjectOf, type SubjectMember } from '../../../src/oauth/certificate_subject.ts'
import { issueClient } from '../../support/pki.ts'

const fieldsOf = async () => {
  const names = [
    { type: 'dns' as const, value: 'client.example' },
    { type: 'email' as const, value: 'Client@mail.example' },
    { type: 'url' as const, value: 'https://client.example/id' },
    { type: 'ip' as const, value: '192.0.2.7' },
    { type: 'ip' as const, value: '2001:db8::7' },
  ]
  const { certificate } = await issueClient({ subject: 'C=DE, O=Example, CN=client.example', names })
  const fields = readCertificateFields(certificate.raw)
  assert.ok(fields)
  return fields
}

const wrong: [SubjectMember, string][] = [
  ['tls_client_auth_subject_dn', 'CN=client.example,O=Example'],
  ['tls_client_auth_subject_dn', 'C=DE,O=Example,CN=client.example'],
  ['tls_client_auth_subject_dn', 'CN=Client.example,O=Example,C=DE'],
  ['tls_client_auth_subject_dn', 'CN=client.example'],
  ['tls_client_auth_san_dns', 'example'],
  ['tls_client_auth_san_dns', 'a.client.example'],
  ['tls_client_auth_san_dns', '*.example'],
  ['tls_client_auth_san_dns', 'Example'],
  ['tls_client_auth_san_email', 'client@mail.example'],
  ['tls_client_auth_san_email', 'mail.example'],
  ['tls_client_auth_san_uri', 'https://client.example/'],
  ['tls_client_auth_san_uri', 'https://client.example/id?'],
  ['tls_client_auth_san_uri', 'https://CLIENT.example/id'],
  ['tls_client_auth_san_ip', '192.0.2.70'],
  ['tls_client_auth_san_ip', '192.0.2.0/24'],
  ['tls_client_auth_san_ip', '2001:db8::'],
  ['tls_client_auth_san_uri', 'client.example'],
  ['tls_client_auth_san_dns', '192.0.2.7'],
]

describe('T-MT-02 RFC 8705 §2.1.2 – another subject', () => {
  for (const [member, value] of wrong)
    test(`T-MT-02 RFC 8705 §2.1.2 – ${member} ${value} does not match`, async () => {
      assert.equal(isSubjectOf({ [member]: value }, await fieldsOf()), false)
    })

  test('T-MT-02 RFC 8705 §2.1.2 – none and two registered fields match nothing', async () => {
    const fields = await fieldsOf()
    assert.equal(isSubjectOf({}, fields), false)
    const two = { tls_client_auth_san_dns: 'client.example', tls_client_auth_san_ip: '192.0.2.7' }
    assert.equal(isSubjectOf(two, fields), false)
  })
})

const right: [SubjectMember, string][] = [
  ['tls_client_auth_subject_dn', 'CN=client.example,O=Example,C=DE'],
  ['tls_client_auth_san_dns', 'CLIENT.example'],
  ['tls_client_auth_san_email', 'Client@MAIL.example'],
  ['tls_client_auth_san_uri', 'https://client.example/id'],
  ['tls_client_auth_san_ip', '192.0.2.7'],
  ['tls_client_auth_san_ip', '2001:DB8:0:0::7'],
]

describe('RFC 8705 §2.1.2 – the registered subject', () => {
  for (const [member, value] of right)
    test(`RFC 8705 §2.1.2 – ${member} ${value} matches`, async () => {
      assert.equal(isSubjectOf({ [member]: value }, await fieldsOf()), true)
    })

  test('RFC 8705 §2.1.2 – what no certificate can have cannot be registered', () => {
    assert.equal(isPossibleSubject('tls_client_auth_san_ip', 'client.example'), false)
    assert.equal(isPossibleSubject('tls_client_auth_san_ip', '192.0.2.007'), false)
    assert.equal(isPossibleSubject('tls_client_auth_san_dns', '*.example'), false)
    assert.equal(isPossibleSubject('tls_client_auth_subject_dn', 'client.example'), false)
  })
})
