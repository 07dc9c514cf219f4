/** Certificates of the development authority. RFC 5280 §4.2 – the extensions, and which of them are critical. */
import 'reflect-metadata'
import { createPublicKey, type KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { DEVELOPMENT_CA_NAME } from '../config/certificate_chain.ts'
import type { Milliseconds } from '../system/clock.ts'
import { systemRandom } from '../system/random.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const AUTHORITY_DAYS = 3_650
/** Browsers accept no server certificate of more than 398 days. */
const LEAF_DAYS = 397

const ISSUER = `CN=${DEVELOPMENT_CA_NAME}`
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** RFC 5280 §4.1.2.2 – positive, at most 20 octets; 120 random bits behind a byte that keeps the sign. */
const serialNumber = (): string => `01${Buffer.from(systemRandom.id(), 'base64url').subarray(1).toString('hex')}`

/** An hour back: clocks differ. Whole seconds, as the encoding has no others. */
const validity = (now: Milliseconds, days: number) => {
  const notBefore = new Date(Math.floor((now - HOUR_MS) / 1000) * 1000)
  return { notBefore, notAfter: new Date(notBefore.getTime() + days * DAY_MS) }
}

const toPublicKey = (key: KeyObject): x509.PublicKey => new x509.PublicKey(key.export({ type: 'spki', format: 'der' }))

type Leaf = { subject: string; publicKey: KeyObject; extensions: x509.Extension[] }

const sign = async (ca: KeyObject, leaf: Leaf, now: Milliseconds, days: number): Promise<string> => {
  const publicKey = toPublicKey(leaf.publicKey)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: leaf.subject,
    issuer: ISSUER,
    ...validity(now, days),
    publicKey,
    signingKey: ca.toCryptoKey(ECDSA, false, ['sign']),
    signingAlgorithm: ECDSA,
    extensions: [...leaf.extensions, await x509.SubjectKeyIdentifierExtension.create(publicKey)],
  })
  return `${certificate.toString('pem')}\n`
}

export const issueAuthority = (ca: KeyObject, now: Milliseconds): Promise<string> => {
  const extensions = [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]
  return sign(ca, { subject: ISSUER, publicKey: createPublicKey(ca), extensions }, now, AUTHORITY_DAYS)
}

const leafExtensions = async (ca: KeyObject, usage: x509.ExtendedKeyUsage): Promise<x509.Extension[]> => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([usage]),
  await x509.AuthorityKeyIdentifierExtension.create(toPublicKey(createPublicKey(ca))),
]

/** For this machine under each of its loopback names. */
export const issueServer = async (ca: KeyObject, publicKey: KeyObject, now: Milliseconds): Promise<string> => {
  const extensions = [
    ...(await leafExtensions(ca, x509.ExtendedKeyUsage.serverAuth)),
    new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: '::1' },
    ]),
  ]
  return await sign(ca, { subject: 'CN=localhost', publicKey, extensions }, now, LEAF_DAYS)
}

export const issueClient = async (ca: KeyObject, publicKey: KeyObject, now: Milliseconds): Promise<string> => {
  const extensions = await leafExtensions(ca, x509.ExtendedKeyUsage.clientAuth)
  return await sign(ca, { subject: 'CN=development-client', publicKey, extensions }, now, LEAF_DAYS)
}
