import 'reflect-metadata'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readCertificateFields } from '../../../src/oauth/certificate_fields.ts'
import {
  canonicalDistinguishedName,
  type DistinguishedName,
  parseDistinguishedName,
  printDistinguishedName,
} from '../../../src/oauth/distinguished_name.ts'
import { issue } from '../../support/pki.ts'

const canonical = (text: string): string => {
  const name = parseDistinguishedName(text)
  assert.ok(name, text)
  return canonicalDistinguishedName(name)
}

describe('RFC 4514 §3 – what is no distinguished name of text values', () => {
  const broken = [
    ['nothing', ''],
    ['no attribute', 'alice'],
    ['no value', 'CN='],
    ['no type', '=alice'],
    ['a type that is not known', 'NOPE=alice'],
    ['a type that is a word of the language', 'constructor=alice'],
    ['an empty place', 'CN=a,,O=b'],
    ['a comma at the end', 'CN=a,'],
    ['a plus at the end', 'CN=a+'],
    ['a quotation mark', 'CN="a"'],
    ['a semicolon between', 'CN=a;O=b'],
    ['an angle bracket', 'CN=<a>'],
    ['a backslash at the end', 'CN=a\\'],
    ['a backslash before a letter', 'CN=a\\x'],
    ['an object identifier that is none', '1..2=a'],
    ['a value in hexadecimal', 'CN=#0403616263'],
    ['bytes that are no UTF-8', 'CN=\\FF\\FE'],
    ['NUL', 'CN=a\0b'],
    ['OpenSSL one-line form', '/O=b/CN=a'],
  ] as const
  for (const [name, text] of broken) test(name, () => assert.equal(parseDistinguishedName(text), undefined))

  test('whatever it is, it is read in one pass or refused', () => {
    const signs = fc.constantFrom('C', 'N', '=', ',', '+', '\\', ' ', '#', '0', 'é', '"', '.')
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 300 }), (parts) => {
        const name = parseDistinguishedName(parts.join(''))
        if (name) assert.deepEqual(parseDistinguishedName(printDistinguishedName(name)), name)
      }),
    )
  })
})

describe('T-MT-02 RFC 4514 §2.2 – names that are not the same', () => {
  const different = [
    ['a prefix', 'CN=alice,O=Example', 'CN=alice,O=Example,C=DE'],
    ['another order', 'CN=alice,O=Example', 'O=Example,CN=alice'],
    ['a value in other letters', 'CN=alice', 'CN=Alice'],
    ['several values of one place in places of their own', 'CN=a+OU=b', 'CN=a,OU=b'],
    ['a value that looks like two attributes', 'CN=a\\,O=b', 'CN=a,O=b'],
    ['another type', 'CN=a', 'OU=a'],
    ['a space at the end', 'CN=a\\ ', 'CN=a'],
  ] as const
  for (const [name, a, b] of different) test(name, () => assert.notEqual(canonical(a), canonical(b)))
})

describe('T-MT-02 RFC 4514 §2 – names that are the same', () => {
  const same = [
    ['types in other letters', 'CN=alice,O=Example', 'cn=alice,o=Example'],
    ['types as object identifiers', 'CN=alice,E=a@b.c', '2.5.4.3=alice,1.2.840.113549.1.9.1=a@b.c'],
    ['spaces around the signs', 'CN=alice,O=Example Ltd', ' CN = alice , O = Example Ltd '],
    ['the values of one place in another order', 'CN=a+OU=b,O=c', 'OU=b+CN=a,O=c'],
    ['escapes in both forms', 'CN=a\\,b', 'CN=a\\2Cb'],
    ['letters and their bytes', 'CN=Zoë', 'CN=Zo\\C3\\AB'],
    ['an equals sign in a value', 'CN=a=b', 'CN=a\\=b'],
  ] as const
  for (const [name, a, b] of same) test(name, () => assert.equal(canonical(a), canonical(b)))
})

describe('RFC 4514 §2 – from a certificate', () => {
  const of = async (subject: Parameters<typeof issue>[0]['subject']): Promise<DistinguishedName> => {
    const name = readCertificateFields((await issue({ subject: subject ?? '' })).certificate.raw)?.subject
    assert.ok(name)
    return name
  }

  test('the text has the last attribute first', async () => {
    const name = await of([{ C: ['DE'] }, { O: ['Example, Ltd.'] }, { CN: ['alice'] }])
    assert.equal(printDistinguishedName(name), 'CN=alice,O=Example\\, Ltd.,C=DE')
  })

  test('T-MT-02 RFC 4514 §2 – UTF8String and PrintableString of one text are the same', async () => {
    const utf8 = await of([{ CN: [{ utf8String: 'alice' }] }])
    const printable = await of([{ CN: [{ printableString: 'alice' }] }])
    const bmp = await of([{ CN: [{ bmpString: 'alice' }] }])
    assert.equal(canonicalDistinguishedName(utf8), canonical('CN=alice'))
    assert.equal(canonicalDistinguishedName(printable), canonical('CN=alice'))
    assert.equal(canonicalDistinguishedName(bmp), canonical('CN=alice'))
  })

  test('a value that is no text makes the name none', async () => {
    const { certificate } = await issue({ subject: [{ CN: ['#03020041'] }] })
    assert.equal(readCertificateFields(certificate.raw)?.subject, undefined)
  })

  test('RFC 4514 §2.4 – a value of spaces alone is printed as it is read', () => {
    for (const value of [' ', '  ', ' a ', '\\ ', '#', ' #'])
      assert.deepEqual(parseDistinguishedName(printDistinguishedName([[['2.5.4.3', value]]])), [[['2.5.4.3', value]]])
  })

  test('T-MT-02 RFC 4514 §2.4 – no value can pass for further attributes', () => {
    const values = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const attribute = fc.tuple(fc.constantFrom('2.5.4.3', '2.5.4.10', '1.2.3.4', '1.2.840.113549.1.9.1'), values)
    const names = fc.array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(names, (name) => assert.deepEqual(parseDistinguishedName(printDistinguishedName(name)), name)),
    )
  })
})
