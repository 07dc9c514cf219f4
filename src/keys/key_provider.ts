/** Where a realm's signing keys come from: the contract of every provider. */
import type { KeyObject } from 'node:crypto'
import type { Realm } from '../storage/realm_directory.ts'

/** RFC 7518 §3.1, RFC 8037 §3.1 */
export type SigningAlg = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export const SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

export type Signer = {
  kid: string
  alg: SigningAlg
  /** The signature of the JWS signing input (ASCII), base64url. Synchronous where the key is in this process. */
  sign(signingInput: string): string | Promise<string>
}

export type PublicKey = {
  kid: string
  alg: SigningAlg
  key: KeyObject
  /** As the JWKS shows it: no private member, with kid, alg and use. */
  jwk: Record<string, unknown>
}

export type KeyProvider = {
  /** The active key of the algorithm, made when the realm has none yet. */
  signer(realm: Realm, alg: SigningAlg): Signer | Promise<Signer>
  /** Every key whose tokens may still be about, for the JWKS and for verification. */
  publicKeys(realm: Realm): readonly PublicKey[] | Promise<readonly PublicKey[]>
}
