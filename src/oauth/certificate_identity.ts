/** RFC 8705 §2.1.2 – how a certificate names its owner: one field of it, compared whole. No common name, no wildcard. */
import { hash } from 'node:crypto'
import { sha256 } from '../system/hashing.ts'
import type { CertificateFields } from './certificate_fields.ts'
import { canonicalDistinguishedName, parseDistinguishedName, printDistinguishedName } from './distinguished_name.ts'

export type SubjectFrom = 'subject_dn' | 'san_dns' | 'san_email' | 'x5t_s256'

/** More of them in one certificate are not looked at. */
const MAX_NAMES = 32

const canonicalDns = (name: string): string | undefined =>
  /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i.test(name) ? name.toLowerCase() : undefined

/** RFC 5321 §2.4 – only the domain has no case. */
const canonicalEmail = (address: string): string | undefined => {
  const [, local, domain] = /^([^@\s]+)@([^@\s]+)$/.exec(address) ?? []
  return local === undefined || domain === undefined ? undefined : `${local}@${domain.toLowerCase()}`
}

const canonicalSubject = (text: string): string | undefined => {
  const name = parseDistinguishedName(text)
  return name && canonicalDistinguishedName(name)
}

const canonical: Readonly<Record<SubjectFrom, (value: string) => string | undefined>> = {
  subject_dn: canonicalSubject,
  san_dns: canonicalDns,
  san_email: canonicalEmail,
  x5t_s256: (thumbprint) => (/^[A-Za-z0-9_-]{43}$/.test(thumbprint) ? thumbprint : undefined),
}

const keyOf = (kind: SubjectFrom, text: string): string => sha256(JSON.stringify([kind, text]))

/** What the store looks up; undefined for a value that no certificate can have. */
export const certificateKey = (kind: SubjectFrom, value: string): string | undefined => {
  const text = canonical[kind](value)
  return text === undefined ? undefined : keyOf(kind, text)
}

/** Exactly one member, as the administration API takes it. */
export type CertificateName = { [K in SubjectFrom]?: string }

export const keyOfCertificateName = (name: CertificateName): string | undefined => {
  const [[kind, value] = []] = Object.entries(name) as [SubjectFrom, string][]
  return kind === undefined || value === undefined ? undefined : certificateKey(kind, value)
}

type Named = Pick<CertificateFields, 'subject' | 'alternativeNames'>

const alternativeNamesOf = (kind: 'san_dns' | 'san_email', { alternativeNames }: Named): string[] =>
  (kind === 'san_dns' ? alternativeNames.dns : alternativeNames.email).slice(0, MAX_NAMES)

/** What the certificate says in that field, as the administration API takes it: none, one, or for alternative names several. */
export const namesOfCertificate = (kind: SubjectFrom, fields: Named, thumbprint: string): string[] => {
  if (kind === 'x5t_s256') return [thumbprint]
  if (kind !== 'subject_dn') return alternativeNamesOf(kind, fields)
  return fields.subject === undefined || fields.subject.length === 0 ? [] : [printDistinguishedName(fields.subject)]
}

export const keysOfCertificate = (kind: SubjectFrom, fields: Named, thumbprint: string): string[] => {
  if (kind === 'x5t_s256') return [keyOf(kind, thumbprint)]
  if (kind === 'subject_dn') {
    const { subject } = fields
    return subject === undefined || subject.length === 0 ? [] : [keyOf(kind, canonicalDistinguishedName(subject))]
  }
  return [...new Set(alternativeNamesOf(kind, fields).flatMap((name) => certificateKey(kind, name) ?? []))]
}

/** RFC 8705 §3.1 – `x5t#S256`: SHA-256 of the DER. */
export const thumbprintOf = (der: Buffer): string => hash('sha256', der, 'base64url')
