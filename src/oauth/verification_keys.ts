/** RFC 7517 §4 and §5 – the keys of somebody else's set that may verify a signature; weak, odd and foreign ones are left out. */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { PublicJwk } from './client_metadata.ts'
import { publicJwkProblem } from './public_jwk.ts'
import { fits, type SigningAlg, toSigningAlg } from './signing_algs.ts'

/** What one signature may make us work through. */
const MAX_CANDIDATES = 4

export type VerificationKey = { kid: string | undefined; alg: SigningAlg | undefined; key: KeyObject }

export type KeyQuery = { alg: SigningAlg; kid: string | undefined }

/** RFC 7517 §4.2 and §4.3 */
const isForSignatures = ({ use, key_ops: operations }: PublicJwk): boolean =>
  (use === undefined || use === 'sig') &&
  (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))

/** Undefined for a key that is not used here: it may be for something else, of an odd size, or no key at all. */
const importKey = (jwk: unknown): VerificationKey | undefined => {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const known = jwk as PublicJwk
  if (!isForSignatures(known) || publicJwkProblem(known) !== undefined) return undefined
  const alg = toSigningAlg(known.alg)
  if (known.alg !== undefined && alg === undefined) return undefined
  const key = createPublicKey({ key: known as webcrypto.JsonWebKey, format: 'jwk' })
  return { kid: typeof known.kid === 'string' ? known.kid : undefined, alg, key }
}

/** T-JW-17 – none after the first `maxKeys` is looked at. */
export const importKeys = (keys: readonly unknown[], maxKeys: number): readonly VerificationKey[] =>
  keys
    .slice(0, maxKeys)
    .map(importKey)
    .filter((key) => key !== undefined)

/** RFC 8725 §3.1 – one algorithm per key; and a name is compared, never used for a lookup elsewhere. */
export const selectKeys = (keys: readonly VerificationKey[], query: KeyQuery): KeyObject[] =>
  keys
    .filter(({ kid, alg, key }) => {
      if (query.kid !== undefined && kid !== undefined && kid !== query.kid) return false
      return (alg === undefined || alg === query.alg) && fits(query.alg, key)
    })
    .slice(0, MAX_CANDIDATES)
    .map(({ key }) => key)
