/** RFC 5280 §4.1.1.2 – the signatures of certificates and revocation lists that are believed: none with MD5 or SHA-1. */
import type { KeyObject } from 'node:crypto'
import type { SignatureAlgorithm } from './certificate_fields.ts'

/** `hash` undefined where the algorithm brings its own. */
export type BelievedSignature = { hash: 'sha256' | 'sha384' | 'sha512' | undefined; isPss: boolean }

const BELIEVED = new Map<string, BelievedSignature>([
  // RFC 4055 §5 – RSASSA-PKCS1-v1_5
  ['1.2.840.113549.1.1.11', { hash: 'sha256', isPss: false }],
  ['1.2.840.113549.1.1.12', { hash: 'sha384', isPss: false }],
  ['1.2.840.113549.1.1.13', { hash: 'sha512', isPss: false }],
  // RFC 5758 §3.2 – ECDSA
  ['1.2.840.10045.4.3.2', { hash: 'sha256', isPss: false }],
  ['1.2.840.10045.4.3.3', { hash: 'sha384', isPss: false }],
  ['1.2.840.10045.4.3.4', { hash: 'sha512', isPss: false }],
  // RFC 8410 §3 – Ed25519 and Ed448
  ['1.3.101.112', { hash: undefined, isPss: false }],
  ['1.3.101.113', { hash: undefined, isPss: false }],
])

const PSS = '1.2.840.113549.1.1.10'

/** RFC 4055 §3.1 – the hash stands first in the parameters; where it is missing, SHA-1 is meant. */
const PSS_HASH = /^30(?:[0-7].|81..)a00[df]300[bd]060960864801650304020([123])/
const PSS_HASHES = { 1: 'sha256', 2: 'sha384', 3: 'sha512' } as const

/** Undefined for every other. */
export const believedSignature = ({ oid, parameters }: SignatureAlgorithm): BelievedSignature | undefined => {
  if (oid !== PSS) return BELIEVED.get(oid)
  const hash = PSS_HASH.exec(parameters)?.[1] as '1' | '2' | '3' | undefined
  return hash && { hash: PSS_HASHES[hash], isPss: true }
}

/** 112 bits of strength or more, as NIST SP 800-57 has it. */
export const isStrongKey = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean => {
  if (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss')
    return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  if (asymmetricKeyType === 'ec')
    return ['prime256v1', 'secp384r1', 'secp521r1'].includes(asymmetricKeyDetails?.namedCurve ?? '')
  return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448'
}
