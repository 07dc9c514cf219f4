/** Keys and certificates of every kind that a configuration may name, in a directory that goes away with the test run. */
import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import * as x509 from '@peculiar/x509'

export const directory = mkdtempSync(join(tmpdir(), 'auth_server-config-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** The day of the tests. Everything valid is so on both sides of it for years. */
export const NOW = Date.UTC(2026, 5, 1)

export const put = (name: string, content: string | Buffer, mode = 0o600): string => {
  const file = join(directory, name)
  writeFileSync(file, content, { mode })
  return file
}

type Pair = { privateKey: KeyObject; publicKey: KeyObject }

const ec = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve })
const rsa = (modulusLength: number): Pair => generateKeyPairSync('rsa', { modulusLength })

const pkcs8 = (pair: Pair): string => pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const spki = (pair: Pair): string => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()

type Wish = {
  subject: string
  pair: Pair
  issuer?: { subject: string; pair: Pair }
  isAuthority?: boolean
  dnsNames?: string[]
  usages?: x509.ExtendedKeyUsage[]
  years?: [number, number]
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const issue = async (wish: Wish): Promise<string> => {
  const { subject, pair, issuer = wish, isAuthority = false, dnsNames = [], usages = [], years = [2020, 2050] } = wish
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject,
    issuer: issuer.subject,
    notBefore: new Date(Date.UTC(years[0], 0, 1)),
    notAfter: new Date(Date.UTC(years[1], 0, 1)),
    publicKey: new x509.PublicKey(pair.publicKey.export({ type: 'spki', format: 'der' })),
    signingKey: issuer.pair.privateKey.toCryptoKey(ECDSA, false, ['sign']),
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension(usages)] : []),
      ...(dnsNames.length > 0
        ? [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value })))]
        : []),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

const serverPair = ec('P-256')
const rsaPair = rsa(2048)
const root = { subject: 'CN=Test Root', pair: ec('P-256') }
const intermediate = { subject: 'CN=Test Intermediate', pair: ec('P-256') }
const leaf: Wish = { subject: 'CN=localhost', pair: serverPair, issuer: intermediate, dnsNames: ['localhost'] }

const rootCertificate = await issue({ ...root, isAuthority: true })
const intermediateCertificate = await issue({ ...intermediate, issuer: root, isAuthority: true })
const leafCertificate = await issue({ ...leaf, usages: [x509.ExtendedKeyUsage.serverAuth] })

const p256 = ec('P-256')
const sessionPair = ec('P-256')

export const files = {
  serverKey: put('server.key', pkcs8(serverPair)),
  serverChain: put('server.crt', leafCertificate + intermediateCertificate),
  root: put('root.crt', rootCertificate),
  sessionKey: put('session_jwt.key', pkcs8(sessionPair)),
  sessionPublicKey: put('session_jwt.pub', spki(sessionPair)),

  serverPublicKey: put('server.pub', spki(serverPair)),
  otherKey: put('other.key', pkcs8(p256)),
  otherPublicKey: put('other.pub', spki(p256)),
  exposedKey: put('exposed.key', pkcs8(serverPair), 0o644),
  twoKeys: put('two.key', pkcs8(serverPair) + pkcs8(p256)),
  rsaKey: put('rsa.key', pkcs8(rsaPair)),
  rsaChain: put('rsa.crt', (await issue({ ...leaf, pair: rsaPair })) + intermediateCertificate),
  smallRsaKey: put('small_rsa.key', pkcs8(rsa(1024))),
  p384Key: put('p384.key', pkcs8(ec('P-384'))),
  p384PublicKey: put('p384.pub', spki(ec('P-384'))),
  bitcoinKey: put('secp256k1.key', pkcs8(ec('secp256k1'))),
  ed25519Key: put('ed25519.key', pkcs8(generateKeyPairSync('ed25519'))),
  sec1Key: put('sec1.key', serverPair.privateKey.export({ type: 'sec1', format: 'pem' })),
  encryptedKey: put(
    'encrypted.key',
    serverPair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'passphrase' }),
  ),
  brokenKey: put('broken.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
  cutKey: put('cut.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n'),

  reversedChain: put('reversed.crt', intermediateCertificate + leafCertificate),
  gapChain: put('gap.crt', leafCertificate + rootCertificate),
  otherChain: put('other.crt', await issue({ ...leaf, pair: p256 })),
  expiredChain: put('expired.crt', await issue({ ...leaf, years: [2020, 2025] })),
  futureChain: put('future.crt', await issue({ ...leaf, years: [2040, 2050] })),
  wildcardChain: put('wildcard.crt', await issue({ ...leaf, dnsNames: ['*.example.com'] })),
  namedChain: put('named.crt', await issue({ ...leaf, dnsNames: ['*.example.com', 'Auth.Example.com', 'b.example'] })),
  clientChain: put('client.crt', await issue({ ...leaf, usages: [x509.ExtendedKeyUsage.clientAuth] })),
  brokenChain: put('broken.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  expiredRoot: put('expired_root.crt', await issue({ ...root, isAuthority: true, years: [2020, 2025] })),

  empty: put('empty', ''),
  binary: put('binary', Buffer.from([0xff, 0xfe, 0x00, 0x01])),
  large: put('large', 'x'.repeat(1_048_577)),
}
