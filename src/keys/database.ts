/**
 * Signing keys that live in the realm's own tables. A realm gets the key of an algorithm when it is first needed; of several
 * callers and nodes that make one at the same time the database keeps one, and the others take that.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import { createSignature, fits, SIGNING_ALGS, type SigningAlg, thumbprint } from '../oauth/signing_algs.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { SigningKeyRecord } from '../storage/signing_keys.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import type { KeyProvider, PublicKey, Signer } from './key_provider.ts'

export type DatabaseKeysDeps = {
  store: { realms: Pick<Store['realms'], 'bumpVersion'> }
  clock: Clock
  random: Random
}

/** What is made before anybody asks: OpenID Connect Core §15.1 wants RS256, access tokens are ES256 by default. */
const ALGS_AT_FIRST_USE: readonly SigningAlg[] = ['ES256', 'RS256']

const RSA_BITS = 2048

/** Between two looks at the database for a key nobody knows, so that invented names cost next to nothing. */
const UNKNOWN_KID_MS = 1_000

const PRIVATE_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])

type RealmKeys = {
  signers: Map<SigningAlg, Signer>
  publicKeys: readonly PublicKey[]
  byKid: Map<string, PublicKey>
  readAt: number
}

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

const algOf = (record: SigningKeyRecord): SigningAlg => {
  const alg = SIGNING_ALGS.find((name) => name === record.alg)
  if (!alg) throw new Error(`Signing key ${record.kid} is of an unknown algorithm`)
  return alg
}

/** RFC 8725 §3.1 – each key has exactly one algorithm, and the key has to be of that kind. */
const requireFit = (record: SigningKeyRecord, alg: SigningAlg, key: KeyObject): KeyObject => {
  if (!fits(alg, key)) throw new Error(`Signing key ${record.kid} does not fit its algorithm`)
  return key
}

const toPublicKey = (record: SigningKeyRecord): PublicKey => {
  const alg = algOf(record)
  const key = requireFit(record, alg, createPublicKey({ key: record.publicJwk, format: 'jwk' }))
  return { kid: record.kid, alg, key, jwk: record.publicJwk }
}

const toSigner = (record: SigningKeyRecord): Signer => {
  const alg = algOf(record)
  const key = requireFit(record, alg, createPrivateKey({ key: record.privateJwk, format: 'jwk' }))
  return { kid: record.kid, alg, sign: createSignature(alg, key) }
}

const toRealmKeys = (records: SigningKeyRecord[], readAt: number): RealmKeys => {
  const publicKeys = records.map(toPublicKey)
  const signers = records.filter((record) => record.state === 'active').map(toSigner)
  return {
    signers: new Map(signers.map((signer) => [signer.alg, signer])),
    publicKeys,
    byKid: new Map(publicKeys.map((key) => [key.kid, key])),
    readAt,
  }
}

export const createDatabaseKeys = (deps: DatabaseKeysDeps): KeyProvider => {
  const { store, clock } = deps
  // By the realm object, which is replaced when anything in the realm changes on any node.
  const cache = new WeakMap<Realm, RealmKeys>()
  const pending = new WeakMap<Realm, Map<string, Promise<unknown>>>()

  /** One run for all callers that wait for the same thing. */
  const once = <T>(realm: Realm, name: string, work: () => Promise<T>): Promise<T> => {
    const running = pending.get(realm) ?? new Map<string, Promise<unknown>>()
    pending.set(realm, running)
    const known = running.get(name)
    if (known) return known as Promise<T>
    const started = work().finally(() => running.delete(name))
    running.set(name, started)
    return started
  }

  const read = async (realm: Realm): Promise<RealmKeys> => {
    const readAt = clock.now()
    const keys = toRealmKeys(await realm.store.signingKeys.list(), readAt)
    cache.set(realm, keys)
    return keys
  }

  const load = async (realm: Realm): Promise<RealmKeys> =>
    cache.get(realm) ?? (await once(realm, 'read', () => read(realm)))

  const insert = async (realm: Realm, alg: SigningAlg): Promise<void> => {
    const key = await generateKey(alg)
    const privateJwk = key.export({ format: 'jwk' })
    const kid = thumbprint(privateJwk)
    const createdAt = clock.now()
    const publicJwk = toPublicJwk(privateJwk, kid, alg)
    const isMine = await realm.store.signingKeys.insertActive({
      kid,
      alg,
      publicJwk,
      privateJwk: { ...privateJwk },
      createdAt,
    })
    if (!isMine) return
    await store.realms.bumpVersion(realm.id)
    await realm.store.audit.insert(
      newAuditEvent(deps, undefined, { type: 'signing_key.created', target: kid, detail: { alg } }),
    )
  }

  const make = async (realm: Realm, alg: SigningAlg): Promise<Signer> => {
    const known = (await load(realm)).signers.get(alg)
    if (known) return known
    await insert(realm, alg)
    const made = (await read(realm)).signers.get(alg)
    if (!made) throw new Error(`Realm ${realm.id} has no signing key for ${alg}`)
    return made
  }

  const signer = (realm: Realm, alg: SigningAlg): Signer | Promise<Signer> =>
    cache.get(realm)?.signers.get(alg) ?? once(realm, alg, () => make(realm, alg))

  const ensureFirst = async (realm: Realm): Promise<readonly PublicKey[]> => {
    for (const alg of ALGS_AT_FIRST_USE) await signer(realm, alg)
    return (await load(realm)).publicKeys
  }

  const isComplete = (keys: RealmKeys): boolean => ALGS_AT_FIRST_USE.every((alg) => keys.signers.has(alg))

  const lookUp = async (realm: Realm, kid: string): Promise<PublicKey | undefined> => {
    const keys = await load(realm)
    const known = keys.byKid.get(kid)
    if (known || Math.abs(clock.now() - keys.readAt) < UNKNOWN_KID_MS) return known
    // Another node may have made it a moment ago.
    return (await once(realm, 'read', () => read(realm))).byKid.get(kid)
  }

  return {
    signer,

    publicKeys: (realm) => {
      const keys = cache.get(realm)
      return keys && isComplete(keys) ? keys.publicKeys : ensureFirst(realm)
    },

    publicKey: (realm, kid) => cache.get(realm)?.byKid.get(kid) ?? lookUp(realm, kid),
  }
}
