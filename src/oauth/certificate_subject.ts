/** RFC 8705 §2.1.2 – the one field of a certificate that a client is registered by, compared whole. */

import type { CertificateFields } from './certificate_fields.ts'
import {
  type CertificateName,
  keyOfCertificateName,
  keysOfCertificate,
  type SubjectFrom,
} from './certificate_identity.ts'
import type { ClientMetadata } from './client_metadata.ts'

export const SUBJECT_MEMBERS = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const
export type SubjectMember = (typeof SUBJECT_MEMBERS)[number]

/** Those that people are known by as well. */
const SAME_AS: Readonly<Partial<Record<SubjectMember, SubjectFrom>>> = {
  tls_client_auth_subject_dn: 'subject_dn',
  tls_client_auth_san_dns: 'san_dns',
  tls_client_auth_san_email: 'san_email',
}

/** RFC 5952 – one spelling of an address; undefined for what is none. */
const canonicalIp = (text: string): string | undefined => {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return URL.parse(`http://${text}/`)?.hostname === text ? text : undefined
  return /^[0-9a-f:.]+$/i.test(text) ? URL.parse(`http://[${text}]/`)?.hostname : undefined
}

const keyOf = (member: SubjectMember, value: string): string | undefined => {
  const from = SAME_AS[member]
  if (from !== undefined) return keyOfCertificateName({ [from]: value } as CertificateName)
  return member === 'tls_client_auth_san_ip' ? canonicalIp(value) : value
}

/** Whether a certificate can have that value there at all. */
export const isPossibleSubject = (member: SubjectMember, value: string): boolean => keyOf(member, value) !== undefined

const keysOf = (member: SubjectMember, fields: Pick<CertificateFields, 'subject' | 'alternativeNames'>): string[] => {
  const from = SAME_AS[member]
  if (from !== undefined) return keysOfCertificate(from, fields, '')
  const { ip, uri } = fields.alternativeNames
  return (member === 'tls_client_auth_san_ip' ? ip : uri).flatMap((value) => keyOf(member, value) ?? [])
}

/** T-MT-02 – exactly the registered field, and no other one in its place. */
export const isSubjectOf = (
  metadata: Pick<ClientMetadata, SubjectMember>,
  fields: Pick<CertificateFields, 'subject' | 'alternativeNames'>,
): boolean => {
  const [member, ...others] = SUBJECT_MEMBERS.filter((name) => metadata[name] !== undefined)
  if (member === undefined || others.length > 0) return false
  const key = keyOf(member, metadata[member] ?? '')
  return key !== undefined && keysOf(member, fields).includes(key)
}
