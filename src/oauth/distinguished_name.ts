/** RFC 4514 – distinguished names as text, and the one form in which two of them are compared. */

/** The type as an object identifier, the value as the text that it stands for. */
export type NameAttribute = readonly [type: string, value: string]

/** In the order of the certificate, which is the reverse of the text's. */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** RFC 4514 §3 and the further names that tools print; compared without case. */
const TYPES = {
  cn: '2.5.4.3',
  sn: '2.5.4.4',
  serialnumber: '2.5.4.5',
  c: '2.5.4.6',
  l: '2.5.4.7',
  st: '2.5.4.8',
  s: '2.5.4.8',
  street: '2.5.4.9',
  o: '2.5.4.10',
  ou: '2.5.4.11',
  title: '2.5.4.12',
  t: '2.5.4.12',
  description: '2.5.4.13',
  businesscategory: '2.5.4.15',
  postalcode: '2.5.4.17',
  telephonenumber: '2.5.4.20',
  name: '2.5.4.41',
  givenname: '2.5.4.42',
  gn: '2.5.4.42',
  initials: '2.5.4.43',
  generationqualifier: '2.5.4.44',
  dnqualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  organizationidentifier: '2.5.4.97',
  uid: '0.9.2342.19200300.100.1.1',
  dc: '0.9.2342.19200300.100.1.25',
  emailaddress: '1.2.840.113549.1.9.1',
  email: '1.2.840.113549.1.9.1',
  e: '1.2.840.113549.1.9.1',
  jurisdictionl: '1.3.6.1.4.1.311.60.2.1.1',
  jurisdictionst: '1.3.6.1.4.1.311.60.2.1.2',
  jurisdictionc: '1.3.6.1.4.1.311.60.2.1.3',
}

const OIDS: ReadonlyMap<string, string> = new Map(Object.entries(TYPES))

const OID = String.raw`(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+`
const VALUE = String.raw`(?:\\[ "#+,;<=>\\]|\\[0-9A-Fa-f]{2}|[^\\,+"<>;\0])*`

/** Spaces around the signs, as tools print them, mean nothing: RFC 4514 §2.4 has those of a value escaped. */
const ATTRIBUTE = new RegExp(` *([A-Za-z][A-Za-z0-9-]*|${OID}) *= *(${VALUE})([,+]|$)`, 'uy')

const PIECES = /(?:\\[0-9A-Fa-f]{2})+|\\.|[^\\]/gsu

const unescapePiece = (piece: string): string => {
  if (!piece.startsWith('\\')) return piece
  if (!/^\\[0-9A-Fa-f]{2}/.test(piece)) return piece.slice(1)
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(piece.replaceAll('\\', ''), 'hex'))
}

/** Undefined for what is no text: bytes that are no UTF-8, and the hexadecimal form of other types. */
const toValue = (written: string): string | undefined => {
  if (written.startsWith('#')) return undefined
  const pieces = written.match(PIECES) ?? []
  while (pieces.at(-1) === ' ') pieces.pop()
  try {
    return pieces.map(unescapePiece).join('')
  } catch {
    return undefined
  }
}

const toAttribute = (type: string, written: string): NameAttribute | undefined => {
  const oid = /^\d/.test(type) ? type : OIDS.get(type.toLowerCase())
  const value = toValue(written)
  return oid === undefined || value === undefined || value === '' ? undefined : [oid, value]
}

/** Undefined for what is no distinguished name, has a type that is not known, or a value that is no text. */
export const parseDistinguishedName = (text: string): DistinguishedName | undefined => {
  const pattern = new RegExp(ATTRIBUTE)
  const names: NameAttribute[][] = [[]]
  for (;;) {
    const [, type = '', written = '', sign] = pattern.exec(text) ?? []
    const attribute = toAttribute(type, written)
    if (!attribute) return undefined
    names.at(-1)?.push(attribute)
    if (sign === '') return names.reverse()
    if (sign === ',') names.push([])
  }
}

const sorted = (attributes: readonly NameAttribute[]): readonly NameAttribute[] =>
  [...attributes].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/**
 * Equal for names with the same attributes in the same places. RFC 4514 §2.2 – those of one place have no order. The kind
 * of string that a certificate uses and the spelling of types do not count; every character of a value does.
 */
export const canonicalDistinguishedName = (name: DistinguishedName): string => JSON.stringify(name.map(sorted))

const NAMES: ReadonlyMap<string, string> = new Map([
  [TYPES.cn, 'CN'],
  [TYPES.sn, 'SN'],
  [TYPES.serialnumber, 'serialNumber'],
  [TYPES.c, 'C'],
  [TYPES.l, 'L'],
  [TYPES.st, 'ST'],
  [TYPES.street, 'STREET'],
  [TYPES.o, 'O'],
  [TYPES.ou, 'OU'],
  [TYPES.title, 'title'],
  [TYPES.givenname, 'givenName'],
  [TYPES.uid, 'UID'],
  [TYPES.dc, 'DC'],
  [TYPES.emailaddress, 'emailAddress'],
])

/** RFC 4514 §2.4 – what would end or change the value stands behind a backslash. */
const escapeValue = (value: string): string =>
  value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replaceAll('\0', '\\00')
    // Before the first character, which may be the only one.
    .replace(/(?<=.) $/s, '\\ ')
    .replace(/^[ #]/, '\\$&')

/** As `parseDistinguishedName` reads it. */
export const printDistinguishedName = (name: DistinguishedName): string =>
  [...name]
    .reverse()
    .map((attributes) =>
      attributes.map(([type, value]) => `${NAMES.get(type) ?? type}=${escapeValue(value)}`).join('+'),
    )
    .join(',')
