/** Whether certificates fit their key, their order and the day. RFC 5280 §4.1.2.5 (validity), RFC 8446 §4.4.2 (order). */
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Milliseconds } from '../system/clock.ts'
import type { KeyPath, Report } from './report.ts'

const DAY_MS = 86_400_000
const SOON_DAYS = 14
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'

/** Issuer of everything that `auth_server certificates` makes: how the production gate knows it. */
export const DEVELOPMENT_CA_NAME = 'auth_server development CA'

const notBefore = (certificate: X509Certificate): Milliseconds => Date.parse(certificate.validFrom)
const notAfter = (certificate: X509Certificate): Milliseconds => Date.parse(certificate.validTo)
const day = (ms: Milliseconds): string => new Date(ms).toISOString().slice(0, 10)

export const isExpired = (certificate: X509Certificate, now: Milliseconds): boolean => notAfter(certificate) <= now

export const isDevelopmentCertificate = (certificate: X509Certificate): boolean =>
  certificate.issuer.split('\n').includes(`CN=${DEVELOPMENT_CA_NAME}`)

export const hasIssued = (issuer: X509Certificate, certificate: X509Certificate): boolean => {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

const place = (index: number, count: number): string => (count === 1 ? 'a certificate' : `certificate ${index + 1}`)

const checkValidity = (chain: readonly X509Certificate[], path: KeyPath, now: Milliseconds, report: Report): void => {
  chain.forEach((certificate, index) => {
    const it = place(index, chain.length)
    if (isExpired(certificate, now))
      report.problem(path, `${it} that expired on ${day(notAfter(certificate))}`, 'a valid one')
    else if (notBefore(certificate) > now)
      report.problem(path, `${it} that is not valid before ${day(notBefore(certificate))}`, 'a valid one')
    else if (notAfter(certificate) - now < SOON_DAYS * DAY_MS)
      report.warn(path, `${it} expires on ${day(notAfter(certificate))}`)
  })
}

const checkOrder = (chain: readonly X509Certificate[], path: KeyPath, report: Report): void => {
  const wrong = chain.findIndex((certificate, index) => {
    const issuer = chain[index + 1]
    return issuer !== undefined && !hasIssued(issuer, certificate)
  })
  if (wrong < 0) return
  const found = `certificate ${wrong + 2}, which did not issue certificate ${wrong + 1}`
  report.problem(path, found, 'the leaf first and after each certificate its issuer')
}

const checkOwner = (chain: readonly X509Certificate[], path: KeyPath, key: KeyObject, report: Report): void => {
  const owner = chain.findIndex((certificate) => certificate.checkPrivateKey(key))
  if (owner < 0) report.problem(path, 'a certificate of another key', 'the one of server_private_key')
  if (owner > 0) report.problem(path, `the certificate of server_private_key at place ${owner + 1}`, 'the leaf first')
}

export type ChainFacts = { path: KeyPath; key: KeyObject | undefined; now: Milliseconds }

/** The server's own chain: the leaf's key, the order, the dates and what the leaf is for. */
export const checkChain = (chain: readonly X509Certificate[], { path, key, now }: ChainFacts, report: Report): void => {
  if (key) checkOwner(chain, path, key, report)
  // The misplaced leaf is already told.
  if (!report.isBroken(path)) checkOrder(chain, path, report)
  checkValidity(chain, path, now, report)
  const usages: readonly string[] | undefined = chain[0]?.keyUsage
  // RFC 5280 §4.2.1.12 – a certificate that names its purposes is good for no other.
  if (usages && usages.length > 0 && !usages.includes(SERVER_AUTHENTICATION))
    report.problem(path, 'a certificate whose extended key usage does not include serverAuth', 'one for a TLS server')
}

/** A bundle of trust anchors: one that has expired among others is no harm. */
export const checkAnchors = (
  anchors: readonly X509Certificate[],
  path: KeyPath,
  now: Milliseconds,
  report: Report,
): void => {
  const last = Math.max(...anchors.map(notAfter))
  if (last <= now) report.problem(path, `only certificates that have expired (the last on ${day(last)})`, 'a valid one')
}

/** DNS names of the certificate, lower case, without wildcards. RFC 5280 §4.2.1.6. */
export const dnsNames = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((name) => /^DNS:([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/.exec(name)?.[1]?.toLowerCase() ?? [])
