/** Authorization codes straight from the store, and clients that redeem and refresh until they have what they came for. */
import { openDatabase } from '../../src/storage/database.ts'
import { createStore, type Store } from '../../src/storage/store.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { systemRandom } from '../../src/system/random.ts'
import { metadataWith, REDIRECT_URI } from './authorization.ts'
import { silentLog } from './databases.ts'
import type { TestClient } from './oauth.ts'
import { grantedWith, SECRET, userWith } from './tokens.ts'

export const REALM = 'main'

export const rushClient: TestClient = {
  client_id: 'app',
  client_secret: SECRET,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'client_secret_basic',
}

export type RushStore = { store: Store; close(): Promise<void> }

/** Beside the servers, on the same database. */
export const openRushStore = (backend: 'sqlite' | 'postgresql', connection_url: string): RushStore => {
  const bounds = { max_connections: 4, min_connections: 0, connect_timeout_secs: 30, idle_timeout_secs: 600 }
  const database = openDatabase({ backend, connection_url, ...bounds }, silentLog)
  return { store: createStore(database), close: () => database.close() }
}

/** The person and the client that the codes are for. */
export const addRushActors = async ({ store }: RushStore): Promise<void> => {
  const realm = store.realm(REALM)
  const times = { createdAt: 0, updatedAt: 0 }
  await realm.users.insert(userWith(times))
  await realm.clients.insert({
    realmId: REALM,
    clientId: rushClient.client_id,
    secretHash: sha256(SECRET),
    enabled: true,
    metadata: metadataWith(),
    ...times,
  })
}

export type IssuedCode = { code: string; authorizationId: string }

/** A code that lives for an hour. */
export const issueCode = async ({ store }: RushStore): Promise<IssuedCode> => {
  const code = systemRandom.secret()
  const granted = grantedWith({ sessionId: undefined })
  const now = Date.now()
  const times = { createdAt: now, expiresAt: now + 3_600_000, purgeAfter: now + 7_200_000 }
  await store
    .realm(REALM)
    .authorizationCodes.insert({ codeHash: sha256(code), clientId: rushClient.client_id, granted, ...times })
  return { code, authorizationId: granted.authorizationId }
}
