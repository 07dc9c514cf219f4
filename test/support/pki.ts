/** Certificate authorities, certificates and revocation lists for tests: right ones, and wrong in one thing each. */
import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509'
import * as x509 from '@peculiar/x509'

export type Pair = { privateKey: KeyObject; publicKey: KeyObject }

export const ecPair = (namedCurve = 'P-256'): Pair => generateKeyPairSync('ec', { namedCurve })
export const rsaPair = (modulusLength: number): Pair => generateKeyPairSync('rsa', { modulusLength })

export type Subtree = ConstructorParameters<typeof GeneralName>[0]

export type Wish = {
  subject?: string | x509.JsonNameParams
  pair?: Pair
  hash?: 'SHA-1' | 'SHA-256' | 'SHA-384'
  isPss?: boolean
  serialNumber?: string
  /** Days around now. */
  days?: readonly [from: number, to: number]
  usages?: readonly x509.ExtendedKeyUsage[]
  keyUsage?: x509.KeyUsageFlags
  basicConstraints?: { isAuthority: boolean; pathLength?: number } | 'none'
  names?: x509.JsonGeneralNames
  permitted?: readonly Subtree[]
  excluded?: readonly Subtree[]
  extensions?: readonly x509.Extension[]
}

export type Issued = {
  subject: string | x509.JsonNameParams
  pair: Pair
  pem: string
  keyPem: string
  certificate: X509Certificate
}

const DAY_MS = 86_400_000
const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags

const signatureOf = ({ privateKey }: Pair, { hash = 'SHA-256', isPss = false }: Pick<Wish, 'hash' | 'isPss'>) => {
  if (privateKey.asymmetricKeyType === 'rsa')
    return isPss ? { name: 'RSA-PSS', hash, saltLength: 32 } : { name: 'RSASSA-PKCS1-v1_5', hash }
  const namedCurve = privateKey.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256'
  return { name: 'ECDSA', namedCurve, hash }
}

const signingKey = (pair: Pair, wish: Pick<Wish, 'hash' | 'isPss'>) =>
  pair.privateKey.toCryptoKey(signatureOf(pair, wish), false, ['sign'])

const nameConstraints = ({ permitted, excluded }: Wish): x509.Extension[] => {
  if (!permitted && !excluded) return []
  const subtrees = (list: readonly Subtree[] | undefined) =>
    list && new GeneralSubtrees(list.map((base) => new GeneralSubtree({ base: new GeneralName(base) })))
  const allowed = subtrees(permitted)
  const forbidden = subtrees(excluded)
  const constraints = new NameConstraints({
    ...(allowed ? { permittedSubtrees: allowed } : {}),
    ...(forbidden ? { excludedSubtrees: forbidden } : {}),
  })
  return [new x509.Extension('2.5.29.30', true, AsnConvert.serialize(constraints))]
}

const basicConstraints = ({ basicConstraints: basic }: Wish): x509.Extension[] => {
  if (basic === undefined || basic === 'none') return []
  return [new x509.BasicConstraintsExtension(basic.isAuthority, basic.pathLength, true)]
}

let serial = 0

/** Signed by `issuer`, or by itself. */
export const issue = async (wish: Wish, issuer?: Issued): Promise<Issued> => {
  const { subject = 'CN=somebody', pair = ecPair(), days = [-1, 30], usages = [], names = [] } = wish
  const signer = issuer?.pair ?? pair
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: wish.serialNumber ?? (++serial).toString(16).padStart(4, '0'),
    subject: new x509.Name(subject),
    issuer: new x509.Name(issuer?.subject ?? subject),
    notBefore: new Date(now + days[0] * DAY_MS),
    notAfter: new Date(now + days[1] * DAY_MS),
    publicKey: new x509.PublicKey(pair.publicKey.export({ type: 'spki', format: 'der' })),
    signingKey: signingKey(signer, wish),
    signingAlgorithm: signatureOf(signer, wish),
    extensions: [
      ...basicConstraints(wish),
      ...(wish.keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(wish.keyUsage, true)]),
      ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages])] : []),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ...nameConstraints(wish),
      ...(wish.extensions ?? []),
    ],
  })
  const pem = `${certificate.toString('pem')}\n`
  return {
    subject,
    pair,
    pem,
    keyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: new X509Certificate(pem),
  }
}

export const issueAuthority = (wish: Wish, issuer?: Issued): Promise<Issued> =>
  issue({ basicConstraints: { isAuthority: true }, keyUsage: keyCertSign | cRLSign, ...wish }, issuer)

export const issueClient = (wish: Wish, issuer?: Issued): Promise<Issued> =>
  issue(
    {
      basicConstraints: { isAuthority: false },
      keyUsage: digitalSignature,
      usages: [x509.ExtendedKeyUsage.clientAuth],
      ...wish,
    },
    issuer,
  )

type List = {
  serialNumbers?: readonly string[]
  /** Days around now. */
  days?: readonly [from: number, to: number]
  hash?: 'SHA-1' | 'SHA-256'
  extensions?: x509.Extension[]
  entryExtensions?: x509.Extension[]
}

/** A revocation list in PEM. */
export const issueList = async (authority: Issued, list: List = {}): Promise<{ pem: string; der: Buffer }> => {
  const { serialNumbers = [], days = [-1, 7], extensions = [], entryExtensions = [] } = list
  const now = Date.now()
  const crl = await x509.X509CrlGenerator.create({
    issuer: new x509.Name(authority.subject),
    thisUpdate: new Date(now + days[0] * DAY_MS),
    nextUpdate: new Date(now + days[1] * DAY_MS),
    entries: serialNumbers.map((serialNumber) => ({
      serialNumber,
      revocationDate: new Date(now - DAY_MS),
      extensions: entryExtensions,
    })),
    extensions,
    signingKey: signingKey(authority.pair, list),
    signingAlgorithm: signatureOf(authority.pair, list),
  })
  const der = Buffer.from(crl.rawData)
  // RFC 7468 §6 – the label; the library writes another.
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return { pem: `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`, der }
}

/** What a client shows: its certificate and key, with the intermediates after it. */
export const asClient = (leaf: Issued, ...intermediates: Issued[]): { cert: string; key: string } => ({
  cert: [leaf, ...intermediates].map(({ pem }) => pem).join(''),
  key: leaf.keyPem,
})

/** As a connection gives it. */
export const presented = (leaf: Issued, ...intermediates: Issued[]): { der: Buffer; chain: Buffer[] } => ({
  der: leaf.certificate.raw,
  chain: intermediates.map(({ certificate }) => certificate.raw),
})
