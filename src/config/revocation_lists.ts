/** RFC 5280 §5 – revocation lists: which certificates an authority has taken back. Only complete lists of their own. */
import { constants, type KeyObject, verify as verifySignature, type X509Certificate } from 'node:crypto'
import { loadAsn1, readCertificateFields, toHex, toSerialNumber } from '../oauth/certificate_fields.ts'
import { believedSignature } from '../oauth/signature_algorithms.ts'
import type { Milliseconds } from '../system/clock.ts'
import { readBytes } from './files.ts'

/** Parsed at once, while nothing else happens: about sixty thousand entries. */
export const MAX_LIST_FILE_BYTES = 2_097_152

export type RevocationList = {
  /** The key that signed it, SPKI in hexadecimal: what names the authority beyond doubt. */
  issuerKey: string
  /** RFC 5280 §5.2.5 – which certificates it is about. */
  covers: 'all' | 'users' | 'authorities'
  thisUpdate: Milliseconds
  nextUpdate: Milliseconds
  /** Serial numbers, hexadecimal without leading zeros. */
  revoked: ReadonlySet<string>
}

export type Unusable = { found: string }

export const keyId = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('hex')

const BLOCK = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/g

const derOf = (bytes: Buffer): Buffer[] => {
  const blocks = [...bytes.toString('latin1').matchAll(BLOCK)].map(([, body = '']) => Buffer.from(body, 'base64'))
  return blocks.length > 0 || bytes[0] !== 0x30 ? blocks : [bytes]
}

type Parsed = { list: Omit<RevocationList, 'issuerKey'>; isSignedBy(authority: X509Certificate): boolean }

/** RFC 5280 §5.2.5 and §5.2.4 – a part of a list, or of several authorities, would leave certificates unlooked at. */
const coverageOf = (
  extensions: readonly { extnID: string; critical: boolean; extnValue: { buffer: ArrayBuffer } }[],
) => {
  const { AsnConvert, x509 } = loadAsn1()
  const point = extensions.find(({ extnID }) => extnID === x509.id_ce_issuingDistributionPoint)
  if (extensions.some(({ critical, extnID }) => critical && extnID !== x509.id_ce_issuingDistributionPoint))
    return undefined
  if (!point) return 'all'
  const scope = AsnConvert.parse(point.extnValue.buffer, x509.IssuingDistributionPoint)
  if (scope.distributionPoint || scope.onlySomeReasons || scope.indirectCRL || scope.onlyContainsAttributeCerts)
    return undefined
  if (scope.onlyContainsUserCerts) return 'users'
  return scope.onlyContainsCACerts ? 'authorities' : 'all'
}

const parse = (der: Buffer): Parsed | Unusable => {
  const { AsnConvert, x509 } = loadAsn1()
  const {
    tbsCertList: tbs,
    tbsCertListRaw,
    signatureAlgorithm,
    signature,
  } = AsnConvert.parse(der, x509.CertificateList)
  const covers = coverageOf(tbs.crlExtensions ?? [])
  if (covers === undefined) return { found: 'a revocation list of another kind than complete' }
  const { algorithm: oid, parameters } = signatureAlgorithm
  const believed = believedSignature({ oid, parameters: parameters ? toHex(parameters) : '' })
  if (!believed) return { found: 'a revocation list whose signature is too weak' }
  // RFC 5280 §5.1.1.2 – the signed part names the same algorithm.
  if (!signatureAlgorithm.isEqual(tbs.signature)) return { found: 'a revocation list that cannot be read' }
  // RFC 5280 §5.1.2.5 – without it nobody knows when the list is too old.
  if (!tbs.nextUpdate) return { found: 'a revocation list without nextUpdate' }
  const entries = tbs.revokedCertificates ?? []
  // RFC 5280 §5.3 – an entry may change which authority it is about.
  if (entries.some(({ crlEntryExtensions: extensions = [] }) => extensions.some(({ critical }) => critical)))
    return { found: 'a revocation list with an entry of another kind' }
  const data = Buffer.from(tbsCertListRaw ?? AsnConvert.serialize(tbs))
  const padding = believed.isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {}
  return {
    list: {
      covers,
      thisUpdate: tbs.thisUpdate.getTime().getTime(),
      nextUpdate: tbs.nextUpdate.getTime().getTime(),
      revoked: new Set(entries.map(({ userCertificate }) => toSerialNumber(userCertificate))),
    },
    isSignedBy: ({ publicKey }) =>
      verifySignature(believed.hash, data, { key: publicKey, ...padding }, Buffer.from(signature)),
  }
}

/** RFC 5280 §4.2.1.3 – an authority that says what its key is for has to say that. */
const maySignLists = (authority: X509Certificate): boolean => {
  const fields = readCertificateFields(authority.raw)
  return fields?.authority?.isAuthority === true && fields.keyUsage?.includes('crlSign') !== false
}

const isSignedBy = (list: Parsed, authority: X509Certificate): boolean => {
  try {
    return list.isSignedBy(authority)
  } catch {
    // Keys of another algorithm.
    return false
  }
}

const readList = (der: Buffer, authorities: readonly X509Certificate[]): RevocationList | Unusable => {
  let parsed: Parsed | Unusable
  try {
    parsed = parse(der)
  } catch {
    return { found: 'a revocation list that cannot be read' }
  }
  if ('found' in parsed) return parsed
  const { list } = parsed
  const issuer = authorities.find((authority) => maySignLists(authority) && isSignedBy(parsed, authority))
  if (!issuer) return { found: 'a revocation list that no CA for client certificates has signed' }
  return { ...list, issuerKey: keyId(issuer.publicKey) }
}

/** All lists of the file, at least one, each signed by one of the authorities; or what is wrong with the first that is not. */
export const readRevocationLists = (
  file: string,
  authorities: readonly X509Certificate[],
): RevocationList[] | Unusable => {
  const read = readBytes(file, MAX_LIST_FILE_BYTES)
  if ('found' in read) return read
  const lists: RevocationList[] = []
  for (const der of derOf(read.bytes)) {
    const list = readList(der, authorities)
    if ('found' in list) return list
    lists.push(list)
  }
  return lists.length > 0 ? lists : { found: 'no revocation list' }
}
