/** Where a realm's signing keys come from: the contract of every provider. */
import type { KeyObject } from 'node:crypto'
import type { SigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'

export type { SigningAlg } from '../oauth/signing_algs.ts'

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
  /** Every key whose tokens may still be about, for the JWKS; the same array until a key comes or goes. */
  publicKeys(realm: Realm): readonly PublicKey[] | Promise<readonly PublicKey[]>
  /** The key of that name, for verification; a name that is not known is looked up anew now and then. */
  publicKey(realm: Realm, kid: string): PublicKey | undefined | Promise<PublicKey | undefined>
}
