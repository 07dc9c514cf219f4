/** RFC 7517 §4 and RFC 7518 §6 – which keys a client may register: public, of a sane size, on curves that are used here. */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { PublicJwk } from './client_metadata.ts'

const MAX_KEYS = 20

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const MIN_RSA_BITS = 2_048
const MAX_RSA_BITS = 4_096
const MAX_EXPONENT = 2n ** 32n

const CURVES = new Set(['P-256', 'P-384', 'P-521', 'Ed25519', 'X25519'])

const problemOfRsa = (key: KeyObject): string | undefined => {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS) return 'must have a modulus of 2048 to 4096 bits'
  if (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > MAX_EXPONENT)
    return 'must have an odd exponent of at most 32 bits'
  return undefined
}

const toKey = (jwk: PublicJwk): KeyObject | undefined => {
  try {
    return createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** What is wrong with it, as words that follow its name; undefined when it is fine. */
export const publicJwkProblem = (jwk: PublicJwk): string | undefined => {
  // RFC 7591 §2 – public keys only; a private one that was sent is no longer private.
  if (PRIVATE_MEMBERS.some((name) => name in jwk)) return 'must not contain private or symmetric key material'
  if (jwk.kty !== 'RSA' && jwk.kty !== 'EC' && jwk.kty !== 'OKP') return 'must have the kty RSA, EC or OKP'
  if (jwk.kty !== 'RSA' && !CURVES.has(String(jwk.crv)))
    return 'must be on the curve P-256, P-384, P-521, Ed25519 or X25519'
  const key = toKey(jwk)
  if (!key) return 'is not a valid key'
  return jwk.kty === 'RSA' ? problemOfRsa(key) : undefined
}

/** Problems by the index of the key; those of the whole set have none. */
export const jwksProblems = (keys: PublicJwk[]): { index?: number; problem: string }[] => {
  if (keys.length === 0) return [{ problem: 'must have at least one key' }]
  if (keys.length > MAX_KEYS) return [{ problem: 'must have at most 20 keys' }]
  const kids = keys.map((key) => key.kid).filter((kid) => kid !== undefined)
  if (new Set(kids).size !== kids.length) return [{ problem: 'must not use a kid twice' }]
  return keys.flatMap((key, index) => {
    const problem = publicJwkProblem(key)
    return problem === undefined ? [] : [{ index, problem }]
  })
}
