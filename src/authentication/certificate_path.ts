/** RFC 5280 §6 – path validation: from a certificate that a client showed to an authority of the configuration. */
import { X509Certificate } from 'node:crypto'
import { type CertificateFields, readCertificateFields } from '../oauth/certificate_fields.ts'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import { believedSignature, isStrongKey } from '../oauth/signature_algorithms.ts'
import type { Milliseconds } from '../system/clock.ts'
import { areNamesAllowed } from './name_constraints.ts'

/** For the audit trail. */
export type CertificateProblem =
  | 'certificate_malformed'
  | 'certificate_is_authority'
  | 'certificate_unknown_issuer'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_wrong_usage'
  | 'certificate_weak_signature'
  | 'certificate_weak_key'
  | 'certificate_unknown_extension'
  | 'certificate_issuer_no_authority'
  | 'certificate_path_too_long'
  | 'certificate_name_not_allowed'
  | 'certificate_revoked'
  | 'certificate_revocation_unknown'

/** A certificate and what it says. */
export type Link = { certificate: X509Certificate; fields: CertificateFields }

/** The leaf first, the anchor last. */
export type Path = readonly [leaf: Link, ...issuers: Link[]]

export type Verdict = { path: Path; problem?: undefined } | { path?: undefined; problem: CertificateProblem }

const MAX_PATH = 8
/** Of one certificate; what a client sends must not make the search long. */
const MAX_SIGNATURES = 32

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2'

/** Undefined for what is no certificate, or has a key that nobody knows. */
export const toLink = (der: Buffer): Link | undefined => {
  const fields = readCertificateFields(der)
  if (!fields) return undefined
  try {
    const certificate = new X509Certificate(der)
    return certificate.publicKey ? { certificate, fields } : undefined
  } catch {
    return undefined
  }
}

const isSame = (a: Link, b: Link): boolean => a.certificate.fingerprint256 === b.certificate.fingerprint256

const isIssuedBy = ({ certificate }: Link, issuer: Link): boolean =>
  certificate.checkIssued(issuer.certificate) && certificate.verify(issuer.certificate.publicKey)

const isSelfIssued = ({ certificate }: Link): boolean => certificate.subject === certificate.issuer

// RFC 5280 §6.1.3 – of every certificate of the path, the anchor among them.
const problemOfAny = ({ certificate, fields }: Link, now: Milliseconds): CertificateProblem | undefined => {
  if (Date.parse(certificate.validFrom) > now) return 'certificate_not_yet_valid'
  if (Date.parse(certificate.validTo) <= now) return 'certificate_expired'
  // RFC 5280 §4.2.1.12 – an authority that names purposes issues for those alone.
  if (fields.extendedKeyUsage?.includes(CLIENT_AUTHENTICATION) === false) return 'certificate_wrong_usage'
  if (fields.hasUnknownCriticalExtension) return 'certificate_unknown_extension'
  return isStrongKey(certificate.publicKey) ? undefined : 'certificate_weak_key'
}

const problemOfLeaf = ({ fields }: Link): CertificateProblem | undefined => {
  if (fields.authority?.isAuthority) return 'certificate_is_authority'
  // RFC 5280 §4.2.1.3 – what the client has signed the handshake with.
  return fields.keyUsage?.includes('digitalSignature') === false ? 'certificate_wrong_usage' : undefined
}

// RFC 5280 §6.1.4 – of every certificate that has issued the one below it.
const problemOfIssuer = (path: Path, index: number): CertificateProblem | undefined => {
  const { fields } = path[index] as Link
  if (!fields.authority?.isAuthority || fields.keyUsage?.includes('keyCertSign') === false)
    return 'certificate_issuer_no_authority'
  const below = path.slice(1, index).filter((link) => !isSelfIssued(link)).length
  if (below > (fields.authority.pathLength ?? MAX_PATH)) return 'certificate_path_too_long'
  const { nameConstraints: constraints } = fields
  const named = path.slice(0, index).filter((link, place) => place === 0 || !isSelfIssued(link))
  const isAllowed = constraints === undefined || named.every((link) => areNamesAllowed(link.fields, constraints))
  return isAllowed ? undefined : 'certificate_name_not_allowed'
}

const problemOfPath = (path: Path, now: Milliseconds): CertificateProblem | undefined => {
  for (const [index, link] of path.entries()) {
    const isAnchor = index === path.length - 1
    // An anchor is believed because the configuration names it, whatever it is signed with.
    if (!isAnchor && !believedSignature(link.fields.signatureAlgorithm)) return 'certificate_weak_signature'
    const problem = problemOfAny(link, now) ?? (index === 0 ? problemOfLeaf(link) : problemOfIssuer(path, index))
    if (problem) return problem
  }
  return undefined
}

/** Every way from the leaf up to an anchor, within bounds. */
function* pathsOf(leaf: Link, anchors: readonly Link[], others: readonly Link[]): Generator<Path> {
  let signatures = 0
  const isIssuer = (link: Link, candidate: Link): boolean =>
    // The name first: only a signature costs something.
    link.certificate.checkIssued(candidate.certificate) && ++signatures <= MAX_SIGNATURES && isIssuedBy(link, candidate)

  function* onwards(path: Path): Generator<Path> {
    const last = path.at(-1) as Link
    for (const anchor of anchors) if (isIssuer(last, anchor)) yield [...path, anchor]
    if (path.length === MAX_PATH - 1) return
    for (const other of others)
      if (!path.some((link) => isSame(link, other)) && isIssuer(last, other)) yield* onwards([...path, other])
  }
  yield* onwards([leaf])
}

/**
 * `authorities` are the certificates of the configuration. Those that nothing else there has issued are anchors; the rest
 * are intermediates, as those that the client brings along.
 */
export const createPathValidation = (authorities: readonly X509Certificate[]) => {
  const links = authorities.flatMap(({ raw }) => toLink(raw) ?? [])
  const isAnchor = (link: Link): boolean => !links.some((other) => !isSame(link, other) && isIssuedBy(link, other))
  const anchors = links.filter((link) => isIssuedBy(link, link) || isAnchor(link))
  const intermediates = links.filter((link) => !anchors.includes(link))

  return ({ der, chain }: PresentedCertificate, now: Milliseconds): Verdict => {
    const leaf = toLink(der)
    if (!leaf) return { problem: 'certificate_malformed' }
    // An authority of the configuration would be its own path.
    if (leaf.fields.authority?.isAuthority) return { problem: 'certificate_is_authority' }
    const others = [...intermediates, ...chain.slice(0, MAX_PATH).flatMap((issuer) => toLink(issuer) ?? [])]
    let problem: CertificateProblem = 'certificate_unknown_issuer'
    for (const path of pathsOf(leaf, anchors, others)) {
      const found = problemOfPath(path, now)
      if (found === undefined) return { path }
      problem = found
    }
    return { problem }
  }
}
