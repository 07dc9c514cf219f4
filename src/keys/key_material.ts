/** RFC 7517, RFC 7518 §6 – making key pairs, and what of them is kept and shown. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import { createSignature, fits, SIGNING_ALGS, type SigningAlg, thumbprint } from '../oauth/signing_algs.ts'
import type { SigningKeyRecord } from '../storage/signing_keys.ts'
import type { PublicKey, Signer } from './key_provider.ts'
import type { Sealing } from './sealing.ts'

const RSA_BITS = 2048

const PRIVATE_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])

const generate = promisify(generateKeyPair)

/** On the thread pool: an RSA key takes a tenth of a second and more. */
const generateKey = async (alg: SigningAlg): Promise<KeyObject> => {
  switch (alg) {
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey
    case 'EdDSA':
      return (await generate('ed25519')).privateKey
    case 'RS256':
    case 'PS256':
      return (await generate('rsa', { modulusLength: RSA_BITS })).privateKey
  }
}

const toPublicJwk = (privateJwk: webcrypto.JsonWebKey, kid: string, alg: SigningAlg): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(privateJwk).filter(([name]) => !PRIVATE_MEMBERS.has(name))),
  kid,
  alg,
  use: 'sig',
})

export const algOf = (record: SigningKeyRecord): SigningAlg => {
  const alg = SIGNING_ALGS.find((name) => name === record.alg)
  if (!alg) throw new Error(`Signing key ${record.kid} is of an unknown algorithm`)
  return alg
}

/** RFC 8725 §3.1 – each key has exactly one algorithm, and the key has to be of that kind. */
const requireFit = (record: SigningKeyRecord, alg: SigningAlg, key: KeyObject): KeyObject => {
  if (!fits(alg, key)) throw new Error(`Signing key ${record.kid} does not fit its algorithm`)
  return key
}

export const toPublicKey = (record: SigningKeyRecord): PublicKey => {
  const alg = algOf(record)
  const key = requireFit(record, alg, createPublicKey({ key: record.publicJwk, format: 'jwk' }))
  return { kid: record.kid, alg, key, jwk: record.publicJwk }
}

/** What is sealed here cannot be opened in the place of another key, nor in another realm. */
const placeOf = (realmId: string, kid: string): string[] => ['signing_key', realmId, kid]

export const createKeyMaterial = (sealing: Sealing) => {
  const keep = (realmId: string, kid: string, jwk: string): string =>
    sealing.canSeal ? sealing.seal(jwk, placeOf(realmId, kid)) : jwk

  /** T-OP-02 – the JWK, and whether it is kept as it would be today. Throws where no key of the configuration opens it. */
  const open = (realmId: string, { kid, privateKey }: SigningKeyRecord): { jwk: string; isCurrent: boolean } => {
    if (privateKey.startsWith('{')) return { jwk: privateKey, isCurrent: !sealing.canSeal }
    const opened = sealing.open(privateKey, placeOf(realmId, kid))
    if (!opened)
      throw new Error(`Signing key ${kid} of realm ${realmId} cannot be opened: see secrets_params.encryption_key`)
    return { jwk: opened.text, isCurrent: opened.isCurrent }
  }

  return {
    async make(realmId: string, alg: SigningAlg) {
      const privateJwk = (await generateKey(alg)).export({ format: 'jwk' })
      const kid = thumbprint(privateJwk)
      return {
        kid,
        alg,
        publicJwk: toPublicJwk(privateJwk, kid, alg),
        privateKey: keep(realmId, kid, JSON.stringify(privateJwk)),
      }
    },

    toSigner(realmId: string, record: SigningKeyRecord): Signer {
      const alg = algOf(record)
      const jwk = JSON.parse(open(realmId, record).jwk) as webcrypto.JsonWebKey
      const key = requireFit(record, alg, createPrivateKey({ key: jwk, format: 'jwk' }))
      return { kid: record.kid, alg, sign: createSignature(alg, key) }
    },

    /** Under the key that seals today; undefined where it is already, or cannot be. */
    resealed(realmId: string, record: SigningKeyRecord): string | undefined {
      if (record.privateKey === '') return undefined
      const { jwk, isCurrent } = open(realmId, record)
      return isCurrent ? undefined : keep(realmId, record.kid, jwk)
    },
  }
}

export type KeyMaterial = ReturnType<typeof createKeyMaterial>
