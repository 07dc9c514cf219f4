/**
 * OpenID Connect Core §9 – the secrets that clients sign with: a hash verifies nothing there, so they are kept sealed, beside
 * the hash, for exactly as long as the client is registered for client_secret_jwt.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { createSealing, type SealingDeps } from '../keys/sealing.ts'
import type { Client, ClientMetadata } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { RealmStore } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'

/** Whether the secret itself has to be at hand, and not only its hash. */
const signsWithSecret = ({ token_endpoint_auth_method: method }: ClientMetadata): boolean =>
  method === 'client_secret_jwt'

const placeOf = ({ realmId, clientId }: Client): string[] => ['client_secret', realmId, clientId]

/** Whether a change to `metadata` makes a secret necessary that is not there: then the client gets a new one. */
export const lacksSecret = (before: Client, metadata: ClientMetadata): boolean =>
  before.secretHash === undefined || (signsWithSecret(metadata) && !signsWithSecret(before.metadata))

export const createKeepSecret = (deps: SealingDeps & { clock: Clock }) => {
  const sealing = createSealing(deps)

  /**
   * Keeps the secret of a client that was just stored, where its method needs it, and drops it where it does not. `secret` is
   * undefined when it did not change. In the transaction of that change. Throws unprocessable where nothing can be sealed.
   */
  return async ({ clientSecrets }: RealmStore, client: Client, secret: string | undefined): Promise<void> => {
    if (!signsWithSecret(client.metadata)) return await clientSecrets.delete(client.clientId)
    if (!sealing.canSeal)
      throw new OAuthError(
        'unprocessable',
        'token_endpoint_auth_method: client_secret_jwt can be used only when secrets_params.encryption_key is configured',
      )
    if (secret === undefined) return
    await clientSecrets.replace(client.clientId, sealing.seal(secret, placeOf(client)), deps.clock.now())
  }
}

export const createFindSecret = (deps: SealingDeps & { log: Pick<Log, 'error'> }) => {
  const sealing = createSealing(deps)
  // By the client object, which is replaced when anything about the client changes.
  const keys = new WeakMap<Client, KeyObject>()

  const read = async (realm: Realm, client: Client): Promise<KeyObject | undefined> => {
    const { clientSecrets } = realm.store
    const sealed = await clientSecrets.find(client.clientId)
    if (sealed === undefined) return undefined
    const opened = sealing.open(sealed, placeOf(client))
    if (!opened) {
      deps.log.error(
        { realm: realm.id, client_id: client.clientId },
        'a client secret cannot be opened: it was sealed with another key than those of secrets_params',
      )
      return undefined
    }
    // NIST SP 800-53 SC-28 – what was sealed with the previous key is sealed again with the current one.
    if (!opened.isCurrent && sealing.canSeal)
      await clientSecrets.reseal(client.clientId, sealed, sealing.seal(opened.text, placeOf(client)))
    // OpenID Connect Core §10.1 – the octets of the UTF-8 representation are the key.
    return createSecretKey(Buffer.from(opened.text))
  }

  /** The key that the client signs with; undefined when there is none, or none that can be opened. */
  return async (realm: Realm, client: Client): Promise<KeyObject | undefined> => {
    const known = keys.get(client)
    if (known) return known
    const key = await read(realm, client)
    if (key) keys.set(client, key)
    return key
  }
}
