/** RFC 7518 §3.1 and RFC 8037 §3.1 – the signature algorithms of this server: asymmetric ones only, one per key. */
import { constants, createHash, createSign, type KeyObject, sign, verify, type webcrypto } from 'node:crypto'

export type SigningAlg = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export const SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

/** RFC 9864 §2.2 – `Ed25519` is the fully specified name of what RFC 8037 calls EdDSA with that curve. */
export const toSigningAlg = (name: unknown): SigningAlg | undefined => {
  if (name === 'Ed25519') return 'EdDSA'
  return SIGNING_ALGS.find((alg) => alg === name)
}

const COORDINATE_BYTES = 32

/** RFC 7518 §3.4 – the two 32-octet integers of a DER-encoded ECDSA signature, side by side. */
export const toJoseSignature = (der: Buffer): Buffer => {
  const signature = Buffer.alloc(2 * COORDINATE_BYTES)
  // SEQUENCE { INTEGER r, INTEGER s } of P-256 is at most 72 octets: every length is a single octet.
  let at = 3
  for (const end of [COORDINATE_BYTES, 2 * COORDINATE_BYTES]) {
    const length = der[at] ?? 0
    const next = at + 1 + length
    const start = Math.max(at + 1, next - COORDINATE_BYTES)
    der.copy(signature, end - (next - start), start, next)
    at = next + 1
  }
  return signature
}

const pss = (key: KeyObject) => ({
  key,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
})

/**
 * A function from the JWS signing input to the signature, base64url. ES256 goes the way through DER: Node 24 takes twice as
 * long for the form that JOSE wants, and the conversion costs nothing that can be measured.
 */
export const createSignature = (alg: SigningAlg, key: KeyObject): ((input: string) => string) => {
  switch (alg) {
    case 'ES256':
      return (input) => toJoseSignature(createSign('sha256').update(input).sign(key)).toString('base64url')
    case 'RS256':
      return (input) => createSign('sha256').update(input).sign(key, 'base64url')
    case 'PS256': {
      const options = pss(key)
      return (input) => createSign('sha256').update(input).sign(options, 'base64url')
    }
    case 'EdDSA':
      return (input) => sign(null, Buffer.from(input), key).toString('base64url')
  }
}

/** Whether the key can carry the algorithm at all; says nothing about its strength. */
export const fits = (alg: SigningAlg, key: KeyObject): boolean => {
  switch (alg) {
    case 'ES256':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    case 'RS256':
    case 'PS256':
      return key.asymmetricKeyType === 'rsa'
    case 'EdDSA':
      return key.asymmetricKeyType === 'ed25519'
  }
}

/** False for a signature that does not fit and for a key of another kind; never throws for what the caller sent. */
export const verifySignature = (alg: SigningAlg, key: KeyObject, input: string, signature: Buffer): boolean => {
  if (!fits(alg, key)) return false
  const octets = Buffer.from(input)
  switch (alg) {
    case 'ES256':
      // RFC 7518 §3.4 – exactly 64 octets.
      return (
        signature.length === 2 * COORDINATE_BYTES &&
        verify('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }, signature)
      )
    case 'RS256':
      return verify('sha256', octets, key, signature)
    case 'PS256':
      return verify('sha256', octets, pss(key), signature)
    case 'EdDSA':
      return verify(null, octets, key, signature)
  }
}

/** RFC 7638 §3.2 – the members that make the thumbprint, in their order. */
const thumbprintMembers: Record<string, readonly string[]> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
}

/** RFC 7638 §3 – SHA-256, base64url. */
export const thumbprint = (jwk: webcrypto.JsonWebKey): string => {
  const names = thumbprintMembers[jwk.kty ?? ''] ?? []
  const canonical = JSON.stringify(jwk, [...names])
  return createHash('sha256').update(canonical).digest('base64url')
}

/** OpenID Connect Core §3.1.3.6 – the left half of the hash that belongs to the ID token's algorithm. */
export const halfHash = (alg: SigningAlg, text: string): string => {
  const digest = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(text)
    .digest()
  return digest.toString('base64url', 0, digest.length / 2)
}
