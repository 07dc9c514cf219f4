/**
 * Signing keys that live in the realm's own tables. A realm gets the key of an algorithm when it is first needed; of several
 * callers and nodes that make one at the same time the database keeps one, and the others take that.
 */
import type { Config } from '../config/schema.ts'
import type { SigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { SigningKeyRecord, SigningKeyState } from '../storage/signing_keys.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import { createKeyLife, type KeyLife } from './key_life.ts'
import { createKeyMaterial, toPublicKey } from './key_material.ts'
import type { KeyProvider, PublicKey, Signer } from './key_provider.ts'
import { createSealing, type SecretsParams } from './sealing.ts'

export type DatabaseKeysDeps = {
  config: Pick<Config, 'signing_keys_params' | 'oauth_params'> & { secrets_params: SecretsParams }
  store: Pick<Store, 'transaction' | 'realm' | 'dueSigningKeys'>
  clock: Clock
  random: Random
  log: Pick<Log, 'error'>
}

/** What is made before anybody asks: OpenID Connect Core §15.1 wants RS256, access tokens are ES256 by default. */
const ALGS_AT_FIRST_USE: readonly SigningAlg[] = ['ES256', 'RS256']

/** Between two looks at the database for a key nobody knows, so that invented names cost next to nothing. */
const UNKNOWN_KID_MS = 1_000

/** RFC 7517 §5 – shown in the key set. */
const SHOWN: readonly SigningKeyState[] = ['prepublished', 'active', 'grace']

type RealmKeys = {
  signers: Map<SigningAlg, Signer>
  /** Of those that have an active key, whether or not it can be used. */
  activeAlgs: ReadonlySet<string>
  publicKeys: readonly PublicKey[]
  byKid: Map<string, PublicKey>
  readAt: number
}

export const createDatabaseKeys = (deps: DatabaseKeysDeps): KeyProvider & { life: KeyLife } => {
  const { clock, log } = deps
  const material = createKeyMaterial(createSealing(deps))
  const life = createKeyLife({ ...deps, material })
  // By the realm object, which is replaced when anything in the realm changes on any node.
  const cache = new WeakMap<Realm, RealmKeys>()
  const pending = new WeakMap<Realm, Map<string, Promise<unknown>>>()

  /** F-33 – a key that is broken is one key less: the others of the realm go on, and whoever needs this one is told. */
  const attempt = <T>(realm: Realm, { kid }: SigningKeyRecord, read: () => T): T[] => {
    try {
      return [read()]
    } catch (err) {
      log.error({ err, realm: realm.id, kid }, 'a signing key cannot be used')
      return []
    }
  }

  const toRealmKeys = (realm: Realm, records: readonly SigningKeyRecord[], readAt: number): RealmKeys => {
    const usable = (states: readonly SigningKeyState[]): PublicKey[] =>
      records
        .filter(({ state }) => states.includes(state))
        .flatMap((key) => attempt(realm, key, () => toPublicKey(key)))
    const active = records.filter(({ state }) => state === 'active')
    const signers = active.flatMap((key) => attempt(realm, key, () => material.toSigner(realm.id, key)))
    return {
      signers: new Map(signers.map((signer) => [signer.alg, signer])),
      activeAlgs: new Set(active.map(({ alg }) => alg)),
      publicKeys: usable(SHOWN),
      // Hints and the like outlive the tokens: what was signed rightly stays so, unless its key was revoked.
      byKid: new Map(usable([...SHOWN, 'retired']).map((key) => [key.kid, key])),
      readAt,
    }
  }

  /** Under the key of today: what was kept before there was one, and what the previous one sealed. */
  const reseal = async (realm: Realm, records: readonly SigningKeyRecord[]): Promise<void> => {
    for (const record of records) {
      const [after] = attempt(realm, record, () => material.resealed(realm.id, record))
      if (after !== undefined) await realm.store.signingKeys.reseal(record.kid, { before: record.privateKey, after })
    }
  }

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
    const records = await realm.store.signingKeys.list()
    const keys = toRealmKeys(realm, records, readAt)
    cache.set(realm, keys)
    await reseal(realm, records)
    return keys
  }

  const load = async (realm: Realm): Promise<RealmKeys> =>
    cache.get(realm) ?? (await once(realm, 'read', () => read(realm)))

  const make = async (realm: Realm, alg: SigningAlg): Promise<Signer> => {
    const known = (await load(realm)).signers.get(alg)
    if (known) return known
    await life.makeActive(realm.id, alg)
    const made = (await read(realm)).signers.get(alg)
    if (!made) throw new Error(`Realm ${realm.id} has no signing key for ${alg}`)
    return made
  }

  const signer = (realm: Realm, alg: SigningAlg): Signer | Promise<Signer> =>
    cache.get(realm)?.signers.get(alg) ?? once(realm, alg, () => make(realm, alg))

  const isComplete = ({ activeAlgs }: RealmKeys): boolean => ALGS_AT_FIRST_USE.every((alg) => activeAlgs.has(alg))

  const ensureFirst = async (realm: Realm): Promise<readonly PublicKey[]> => {
    const { activeAlgs } = await load(realm)
    // A key that cannot be used is no reason to hide the others.
    for (const alg of ALGS_AT_FIRST_USE) if (!activeAlgs.has(alg)) await signer(realm, alg)
    return (await load(realm)).publicKeys
  }

  const lookUp = async (realm: Realm, kid: string): Promise<PublicKey | undefined> => {
    const keys = await load(realm)
    const known = keys.byKid.get(kid)
    if (known || Math.abs(clock.now() - keys.readAt) < UNKNOWN_KID_MS) return known
    // Another node may have made it a moment ago.
    return (await once(realm, 'read', () => read(realm))).byKid.get(kid)
  }

  return {
    life,
    signer,

    publicKeys: (realm) => {
      const keys = cache.get(realm)
      return keys && isComplete(keys) ? keys.publicKeys : ensureFirst(realm)
    },

    publicKey: (realm, kid) => cache.get(realm)?.byKid.get(kid) ?? lookUp(realm, kid),
  }
}
