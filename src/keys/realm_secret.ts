/** A secret that a realm makes for itself when it is first needed, and that is the same on every node. */
import type { Realm } from '../storage/realm_directory.ts'
import type { RealmSecretPurpose } from '../storage/realm_secrets.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'

export type RealmSecretDeps = { clock: Clock; random: Random }

/** 256 bits, base64url. Not in a transaction. */
export const createRealmSecret = ({ clock, random }: RealmSecretDeps, purpose: RealmSecretPurpose) => {
  // By the realm object, which is replaced when anything in the realm changes.
  const secrets = new WeakMap<Realm, string>()

  return async (realm: Realm): Promise<string> => {
    const known = secrets.get(realm)
    if (known !== undefined) return known
    const secret = await realm.store.realmSecrets.keep(purpose, random.secret(), clock.now())
    secrets.set(realm, secret)
    return secret
  }
}
