import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { areNamesAllowed } from '../../../src/authentication/name_constraints.ts'
import type { CertificateFields, Names } from '../../../src/oauth/certificate_fields.ts'
import { parseDistinguishedName } from '../../../src/oauth/distinguished_name.ts'

const none: Names = { dns: [], email: [], uri: [], ip: [], directory: [], hasOthers: false }

const fieldsOf = (names: Partial<Names>, subject = ''): CertificateFields => ({
  serialNumber: '1',
  subject: subject === '' ? [] : parseDistinguishedName(subject),
  alternativeNames: { ...none, ...names },
  signatureAlgorithm: { oid: '', parameters: '' },
  authority: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  nameConstraints: undefined,
  hasUnknownCriticalExtension: false,
})

type Rule = { permitted?: Partial<Names>; excluded?: Partial<Names> }

const isAllowed = (fields: CertificateFields, { permitted = {}, excluded = {} }: Rule): boolean =>
  areNamesAllowed(fields, { permitted: { ...none, ...permitted }, excluded: { ...none, ...excluded } })

const dn = (text: string) => parseDistinguishedName(text)

describe('RFC 5280 §4.2.1.10 – names out of bounds', () => {
  const refused: readonly [string, CertificateFields, Rule][] = [
    ['a DNS name beside', fieldsOf({ dns: ['good.example.net'] }), { permitted: { dns: ['good.example'] } }],
    [
      'a DNS name that only ends alike',
      fieldsOf({ dns: ['notgood.example'] }),
      { permitted: { dns: ['good.example'] } },
    ],
    [
      'the domain where only what is below it',
      fieldsOf({ dns: ['good.example'] }),
      { permitted: { dns: ['.good.example'] } },
    ],
    ['every DNS name', fieldsOf({ dns: ['a'] }), { excluded: { dns: [''] } }],
    [
      'a mailbox of another host',
      fieldsOf({ email: ['a@sub.good.example'] }),
      { permitted: { email: ['good.example'] } },
    ],
    ['another mailbox', fieldsOf({ email: ['b@good.example'] }), { permitted: { email: ['a@good.example'] } }],
    ['a mailbox in the subject', fieldsOf({}, 'E=a@bad.example'), { permitted: { email: ['good.example'] } }],
    [
      'a mailbox at the host, where only below it',
      fieldsOf({ email: ['a@good.example'] }),
      { permitted: { email: ['.good.example'] } },
    ],
    [
      'a URI of another host',
      fieldsOf({ uri: ['https://bad.example/good.example'] }),
      { permitted: { uri: ['good.example'] } },
    ],
    ['a URI without a host', fieldsOf({ uri: ['urn:uuid:1'] }), { permitted: { uri: ['good.example'] } }],
    ['an address of another network', fieldsOf({ ip: ['10.1.0.1'] }), { permitted: { ip: ['10.0.0.0/16'] } }],
    ['an address of the other family', fieldsOf({ ip: ['::1'] }), { permitted: { ip: ['0.0.0.0/0'] } }],
    ['an excluded address', fieldsOf({ ip: ['fd00::1'] }), { excluded: { ip: ['fd00::/8'] } }],
    ['another organization', fieldsOf({}, 'CN=a,O=Bad'), { permitted: { directory: [dn('O=Good')] } }],
    [
      'an organization that begins alike',
      fieldsOf({}, 'CN=a,O=Good Ltd'),
      { permitted: { directory: [dn('O=Good')] } },
    ],
    ['a shorter name', fieldsOf({}, 'O=Good'), { permitted: { directory: [dn('OU=x,O=Good')] } }],
    [
      'RFC 5280 §7.1 – an excluded organization in other letters',
      fieldsOf({}, 'CN=a,O=bAD'),
      { excluded: { directory: [dn('O=Bad')] } },
    ],
    [
      'a subject that is no text',
      { ...fieldsOf({}), subject: undefined },
      { permitted: { directory: [dn('O=Good')] } },
    ],
    ['a form that is not known', fieldsOf({}), { permitted: { hasOthers: true } }],
  ]
  for (const [name, fields, rule] of refused) test(name, () => assert.equal(isAllowed(fields, rule), false))
})

describe('RFC 5280 §4.2.1.10 – names within bounds', () => {
  const allowed: readonly [string, CertificateFields, Rule][] = [
    ['the domain', fieldsOf({ dns: ['GOOD.example'] }), { permitted: { dns: ['good.EXAMPLE'] } }],
    ['a host below it', fieldsOf({ dns: ['a.b.good.example'] }), { permitted: { dns: ['.good.example'] } }],
    ['one of two domains each', fieldsOf({ dns: ['a.x', 'b.y'] }), { permitted: { dns: ['x', 'y'] } }],
    ['a form that nothing is said about', fieldsOf({ email: ['a@b.c'] }), { permitted: { dns: ['x'] } }],
    ['no name at all', fieldsOf({}), { permitted: { dns: ['x'] } }],
    ['a mailbox', fieldsOf({ email: ['a@GOOD.example'] }), { permitted: { email: ['a@good.example'] } }],
    ['a mailbox of the host', fieldsOf({ email: ['a@good.example'] }), { permitted: { email: ['Good.example'] } }],
    ['a mailbox below', fieldsOf({ email: ['a@x.good.example'] }), { permitted: { email: ['.good.example'] } }],
    ['a URI', fieldsOf({ uri: ['https://Good.example:8443/x'] }), { permitted: { uri: ['good.example'] } }],
    ['an address', fieldsOf({ ip: ['10.0.255.1'] }), { permitted: { ip: ['10.0.0.0/16'] } }],
    ['beside what is excluded', fieldsOf({ dns: ['good.example'] }), { excluded: { dns: ['bad.example'] } }],
    ['the organization', fieldsOf({}, 'CN=a,O= Good'), { permitted: { directory: [dn('O=good')] } }],
  ]
  for (const [name, fields, rule] of allowed) test(name, () => assert.equal(isAllowed(fields, rule), true))
})
