/** RFC 7517 §4 – the keys of a client's set that something can be encrypted to; OpenID Connect Core §10.2 says which. */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { PublicJwk } from './client_metadata.ts'
import type { EncryptionAlg } from './encryption_algs.ts'
import { publicJwkProblem } from './public_jwk.ts'

export type EncryptionKey = {
  kid: string | undefined
  /** Undefined for a key that says nothing of it. */
  alg: string | undefined
  /** Whether the key says that it is for encryption, and not only nothing else. */
  isMeant: boolean
  key: KeyObject
}

const OPERATIONS = ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits']

/** RFC 7517 §4.2 and §4.3 */
const isForEncryption = ({ use, key_ops: operations }: PublicJwk): boolean =>
  (use === undefined || use === 'enc') &&
  (operations === undefined || (Array.isArray(operations) && operations.some((name) => OPERATIONS.includes(name))))

const importKey = (jwk: unknown): EncryptionKey[] => {
  if (typeof jwk !== 'object' || jwk === null) return []
  const known = jwk as PublicJwk
  if (!isForEncryption(known) || publicJwkProblem(known) !== undefined) return []
  const key = createPublicKey({ key: known as webcrypto.JsonWebKey, format: 'jwk' })
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return [{ kid: text(known.kid), alg: text(known.alg), isMeant: known.use === 'enc', key }]
}

/** T-JW-17 – none after the first `maxKeys` is looked at. */
export const importEncryptionKeys = (keys: readonly unknown[], maxKeys: number): readonly EncryptionKey[] =>
  keys.slice(0, maxKeys).flatMap(importKey)

/** RFC 7518 §4.3 and §4.6, RFC 8037 §3.2 – whether the key can carry the algorithm. */
const fits = (alg: EncryptionAlg, { asymmetricKeyType: type }: KeyObject): boolean =>
  alg === 'RSA-OAEP-256' ? type === 'rsa' : type === 'ec' || type === 'x25519'

/** RFC 8725 §3.1 – a key that names another algorithm is not taken. The best one first: it says itself that it is for encryption. */
export const selectEncryptionKeys = (keys: readonly EncryptionKey[], alg: EncryptionAlg): EncryptionKey[] =>
  keys
    .filter((candidate) => (candidate.alg ?? alg) === alg && fits(alg, candidate.key))
    .sort((one, other) => Number(other.isMeant) - Number(one.isMeant))
