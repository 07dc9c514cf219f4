/** RFC 5280 §4 – what a certificate says, read from its DER. */
import { createRequire } from 'node:module'
import type * as Asn1Schema from '@peculiar/asn1-schema'
import type * as Asn1 from '@peculiar/asn1-x509'
import type { DistinguishedName, NameAttribute } from './distinguished_name.ts'

/** Loaded with the first certificate: a server that never sees one starts faster and stays smaller. */
export const loadAsn1 = () => {
  const require = createRequire(import.meta.url)
  const { AsnConvert } = require('@peculiar/asn1-schema') as typeof Asn1Schema
  return { AsnConvert, x509: require('@peculiar/asn1-x509') as typeof Asn1 }
}

export type Names = {
  dns: string[]
  email: string[]
  uri: string[]
  /** Addresses; in constraints ranges with a prefix. */
  ip: string[]
  directory: (DistinguishedName | undefined)[]
  /** Forms that nothing here compares. */
  hasOthers: boolean
}

export type SignatureAlgorithm = { oid: string; parameters: string }

export type CertificateFields = {
  /** Hexadecimal, without leading zeros. */
  serialNumber: string
  /** Undefined when a part of it is no text. */
  subject: DistinguishedName | undefined
  alternativeNames: Names
  signatureAlgorithm: SignatureAlgorithm
  /** Undefined when the extension is absent. */
  authority: { isAuthority: boolean; pathLength: number | undefined } | undefined
  keyUsage: readonly string[] | undefined
  extendedKeyUsage: readonly string[] | undefined
  nameConstraints: { permitted: Names; excluded: Names } | undefined
  /** RFC 5280 §4.2 – a critical extension that is not understood: the certificate is to be refused. */
  hasUnknownCriticalExtension: boolean
}

/** RFC 5280 §6.1 – those that path validation here deals with. Policies are asked for by nobody, so any will do. */
const KNOWN_EXTENSIONS = new Set([
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.30', // nameConstraints
  '2.5.29.32', // certificatePolicies
  '2.5.29.33', // policyMappings
  '2.5.29.37', // extKeyUsage
  '2.5.29.54', // inhibitAnyPolicy
])

export const toHex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex')

export const toSerialNumber = (bytes: ArrayBuffer): string => toHex(bytes).replace(/^0+(?=.)/, '')

/** Undefined where a value is no text. */
const toDistinguishedName = (name: Asn1.Name): DistinguishedName | undefined => {
  let isText = true
  const names = [...name].map((attributes) =>
    [...attributes].map(({ type, value }): NameAttribute => {
      isText &&= value.anyValue === undefined && value.toString() !== ''
      return [type, value.toString()]
    }),
  )
  return isText ? names : undefined
}

const toNames = (names: readonly Asn1.GeneralName[]): Names => {
  const all = <T>(pick: (name: Asn1.GeneralName) => T | undefined): T[] =>
    names.flatMap((name) => {
      const value = pick(name)
      return value === undefined ? [] : [value]
    })
  const compared = {
    dns: all((name) => name.dNSName),
    email: all((name) => name.rfc822Name),
    uri: all((name) => name.uniformResourceIdentifier),
    ip: all((name) => name.iPAddress),
    directory: all((name) => name.directoryName).map(toDistinguishedName),
  }
  const count = Object.values(compared).reduce((sum, list) => sum + list.length, 0)
  return { ...compared, hasOthers: count < names.length }
}

/** RFC 5280 §4.2.1.10 – `minimum` is 0 and `maximum` absent, always. */
const toSubtrees = (subtrees: Asn1.GeneralSubtrees | undefined): Names => {
  const list = [...(subtrees ?? [])]
  const names = toNames(list.map(({ base }) => base))
  const isPlain = list.every(({ minimum, maximum }) => minimum === 0 && maximum === undefined)
  return { ...names, hasOthers: names.hasOthers || !isPlain }
}

const parse = (der: Uint8Array): CertificateFields => {
  const { AsnConvert, x509 } = loadAsn1()
  const { tbsCertificate: tbs, signatureAlgorithm } = AsnConvert.parse(der, x509.Certificate)
  const extensions = [...(tbs.extensions ?? [])]
  const ids = extensions.map(({ extnID }) => extnID)
  // RFC 5280 §4.2 – at most one of each.
  if (new Set(ids).size < ids.length) throw new Error('an extension comes twice')
  const read = <T>(id: string, type: new () => T): T | undefined => {
    const extension = extensions.find(({ extnID }) => extnID === id)
    return extension && AsnConvert.parse(extension.extnValue.buffer, type)
  }
  const basic = read(x509.id_ce_basicConstraints, x509.BasicConstraints)
  const constraints = read(x509.id_ce_nameConstraints, x509.NameConstraints)
  const purposes = read(x509.id_ce_extKeyUsage, x509.ExtendedKeyUsage)
  const { algorithm, parameters } = signatureAlgorithm
  return {
    serialNumber: toSerialNumber(tbs.serialNumber),
    subject: toDistinguishedName(tbs.subject),
    alternativeNames: toNames([...(read(x509.id_ce_subjectAltName, x509.SubjectAlternativeName) ?? [])]),
    signatureAlgorithm: { oid: algorithm, parameters: parameters ? toHex(parameters) : '' },
    authority: basic && { isAuthority: basic.cA, pathLength: basic.pathLenConstraint },
    keyUsage: read(x509.id_ce_keyUsage, x509.KeyUsage)?.toJSON(),
    extendedKeyUsage: purposes && [...purposes],
    nameConstraints: constraints && {
      permitted: toSubtrees(constraints.permittedSubtrees),
      excluded: toSubtrees(constraints.excludedSubtrees),
    },
    hasUnknownCriticalExtension: extensions.some(({ critical, extnID }) => critical && !KNOWN_EXTENSIONS.has(extnID)),
  }
}

/** Undefined for what is no certificate of RFC 5280. */
export const readCertificateFields = (der: Uint8Array): CertificateFields | undefined => {
  try {
    return parse(der)
  } catch {
    return undefined
  }
}
