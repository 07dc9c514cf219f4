/** Reads keys and certificates. RFC 7468 – PEM; RFC 5958 – PKCS #8; RFC 5280 – certificates. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readText } from './files.ts'
import type { KeyPath, Report } from './report.ts'
import { checkExposure } from './secret_files.ts'

type Block = { label: string; text: string }

/** Line by line: a file of a thousand beginnings costs no more than its length. */
const blocksOf = (text: string): Block[] => {
  const blocks: Block[] = []
  let lines: string[] | undefined
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('-----BEGIN ')) lines = []
    lines?.push(line.trimEnd())
    const label = /^-----END ([A-Z0-9 ]+)-----\s*$/.exec(line)?.[1]
    if (!label || !lines) continue
    if (lines[0] === `-----BEGIN ${label}-----`) blocks.push({ label, text: lines.join('\n') })
    lines = undefined
  }
  return blocks
}

const describeLabels = (blocks: readonly Block[]): string =>
  blocks.length === 0 ? 'no PEM' : `PEM of ${[...new Set(blocks.map((block) => block.label))].join(', ')}`

type PemFile = { blocks: Block[]; mode: number }

const readPem = (file: string, path: KeyPath, expected: string, report: Report): PemFile | undefined => {
  const result = readText(file)
  if (!('found' in result)) return { blocks: blocksOf(result.text), mode: result.mode }
  report.problem(path, `${result.found}${report.aside(path)}`, expected)
  return undefined
}

export type KeyUse = { expected: string; labels: readonly string[]; accepts: (key: KeyObject) => boolean }

/** The server's key: RSA below 2048 bits is refused by every client of today (RFC 9325 §4.5). */
export const TLS_KEY: KeyUse = {
  expected: 'an EC (P-256, P-384, P-521) or RSA (2048 bits or more) private key in PKCS#8 PEM',
  labels: ['PRIVATE KEY'],
  accepts: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
    asymmetricKeyType === 'ec'
      ? ['prime256v1', 'secp384r1', 'secp521r1'].includes(asymmetricKeyDetails?.namedCurve ?? '')
      : asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048,
}

export const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'

export const SESSION_PRIVATE_KEY: KeyUse = {
  expected: 'an EC P-256 private key in PEM',
  labels: ['PRIVATE KEY', 'EC PRIVATE KEY'],
  accepts: isP256,
}

export const SESSION_PUBLIC_KEY: KeyUse = {
  expected: 'an EC P-256 public key in PEM',
  labels: ['PUBLIC KEY'],
  accepts: isP256,
}

/** `an RSA key of 1024 bits`, `an EC key (secp256k1)`, `an ed25519 key`. */
export const describeKey = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string => {
  if (asymmetricKeyType === 'rsa') return `an RSA key of ${asymmetricKeyDetails?.modulusLength} bits`
  if (asymmetricKeyType === 'ec') return `an EC key (${asymmetricKeyDetails?.namedCurve})`
  return `a key of type ${asymmetricKeyType}`
}

const parseKey = (block: Block): KeyObject | undefined => {
  try {
    return block.label === 'PUBLIC KEY' ? createPublicKey(block.text) : createPrivateKey(block.text)
  } catch {
    return undefined
  }
}

/** Reports what is wrong with the key; what is returned can be used. */
export const readKey = (
  file: string,
  path: KeyPath,
  use: KeyUse,
  report: Report,
): { key: KeyObject; mode: number } | undefined => {
  const pem = readPem(file, path, use.expected, report)
  if (!pem) return undefined
  const blocks = pem.blocks.filter((block) => use.labels.includes(block.label))
  const [block] = blocks
  const key = block && parseKey(block)
  if (!block) report.problem(path, describeLabels(pem.blocks), use.expected)
  else if (blocks.length > 1) report.problem(path, `${blocks.length} keys`, use.expected)
  else if (!key) report.problem(path, 'a key that cannot be read', use.expected)
  else if (!use.accepts(key)) report.problem(path, describeKey(key), use.expected)
  else return { key, mode: pem.mode }
  return undefined
}

export const readPrivateKey = (
  file: string,
  path: KeyPath,
  use: KeyUse,
  isProduction: boolean,
  report: Report,
): KeyObject | undefined => {
  const result = readKey(file, path, use, report)
  if (result) checkExposure(path, result.mode, isProduction, report)
  return result?.key
}

const parseCertificate = (block: Block): X509Certificate | undefined => {
  try {
    const certificate = new X509Certificate(block.text)
    // A key of an algorithm that is not known throws here and not in the constructor.
    return certificate.publicKey ? certificate : undefined
  } catch {
    return undefined
  }
}

const CERTIFICATES = 'certificates in PEM'

/** All certificates of the file, at least one. */
export const readCertificates = (file: string, path: KeyPath, report: Report): X509Certificate[] | undefined => {
  const pem = readPem(file, path, CERTIFICATES, report)
  if (!pem) return undefined
  const blocks = pem.blocks.filter((block) => block.label === 'CERTIFICATE')
  const certificates = blocks.flatMap((block) => parseCertificate(block) ?? [])
  if (blocks.length === 0) report.problem(path, describeLabels(pem.blocks), CERTIFICATES)
  else if (certificates.length < blocks.length) report.problem(path, 'a certificate that cannot be read', CERTIFICATES)
  else return certificates
  return undefined
}

export const toPem = (certificates: readonly X509Certificate[]): string =>
  certificates.map((certificate) => certificate.toString()).join('')

export const toPrivatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

export const toPublicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
