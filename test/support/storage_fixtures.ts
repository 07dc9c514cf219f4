/** Rows that tests of the storage start from: a realm, a user and a client in it, and what was granted between them. */
import type { Client } from '../../src/oauth/client_metadata.ts'
import type { Granted } from '../../src/oauth/granted.ts'
import type { RealmSettings } from '../../src/oauth/realm_settings.ts'
import type { AuthorizationCode } from '../../src/storage/authorization_codes.ts'
import type { RealmStore, Store } from '../../src/storage/store.ts'
import type { User } from '../../src/storage/users.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { systemRandom } from '../../src/system/random.ts'

/** The time that the tests of the storage take for now, and a time after everything expired. */
export const NOW = 1_800_000_000_000
export const HOUR = 3_600_000

export const settings: RealmSettings = {
  auth_params: { username_password_params: { allow_expired_passwords: false } },
  session_max_age_seconds: 3_600,
  session_max_stale_age_seconds: 600,
  scopes: [],
}

export const aUser = (changes: Partial<User> = {}): User => ({
  realmId: 'ignored',
  id: systemRandom.id(),
  username: `user-${systemRandom.id()}`,
  passwordHash: undefined,
  passwordChangedAt: undefined,
  changePassword: false,
  enabled: true,
  roles: [],
  groups: [],
  claims: {},
  identities: [],
  certificate: undefined,
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
})

export const aClient = (changes: Partial<Client> = {}): Client => ({
  realmId: 'ignored',
  clientId: `client-${systemRandom.id()}`,
  secretHash: undefined,
  enabled: true,
  metadata: {
    application_type: 'web',
    redirect_uris: ['https://client.example/callback'],
    post_logout_redirect_uris: [],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid offline_access',
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
    subject_type: 'public',
    require_auth_time: false,
    require_pushed_authorization_requests: false,
    require_pkce: true,
    consent: 'required',
    profile: 'oauth2_1',
    allow_token_endpoint_audience: false,
  },
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
})

export type Scene = { store: Store; realm: RealmStore; user: User; client: Client }

/** A new realm with one user and one client. */
export const createScene = async (store: Store): Promise<Scene> => {
  const realmId = `realm-${systemRandom.id()}`
  await store.realms.insert({ id: realmId, settings, now: NOW })
  const realm = store.realm(realmId)
  const user = aUser({ realmId })
  const client = aClient({ realmId })
  await realm.users.insert(user)
  await realm.clients.insert(client)
  return { store, realm, user, client }
}

export const aGrant = ({ user }: Pick<Scene, 'user'>): Granted => ({
  authorizationId: systemRandom.id(),
  userId: user.id,
  sessionId: undefined,
  scopes: ['openid', 'offline_access'],
  redirectUri: 'https://client.example/callback',
  nonce: undefined,
  codeChallenge: undefined,
  authTime: NOW / 1000,
  amr: ['pwd'],
  acr: undefined,
})

export const insertCode = async (
  { realm, client, user }: Scene,
  changes: Partial<Pick<AuthorizationCode, 'expiresAt'>> = {},
): Promise<string> => {
  const codeHash = sha256(systemRandom.secret())
  await realm.authorizationCodes.insert({
    codeHash,
    clientId: client.clientId,
    granted: aGrant({ user }),
    createdAt: NOW,
    expiresAt: changes.expiresAt ?? NOW + HOUR,
    purgeAfter: NOW + 2 * HOUR,
  })
  return codeHash
}

/** A user of its own with an authenticator app, who has not used it yet; the id. */
export const insertTotp = async ({ realm }: Pick<Scene, 'realm'>): Promise<string> => {
  const user = aUser({ realmId: realm.realmId })
  await realm.users.insert(user)
  await realm.totpCredentials.insert({
    userId: user.id,
    sealedSecret: `sealed ${user.id}`,
    algorithm: 'SHA1',
    step: 30,
    lastStep: undefined,
    createdAt: NOW,
  })
  return user.id
}

export type Family = { id: string; head: string }

export const insertFamily = async ({ realm, client, user }: Scene, granted = aGrant({ user })): Promise<Family> => {
  const head = sha256(systemRandom.secret())
  await realm.refreshFamilies.insert({
    id: granted.authorizationId,
    clientId: client.clientId,
    granted,
    currentTokenHash: head,
    createdAt: NOW,
    idleExpiresAt: NOW + HOUR,
    expiresAt: NOW + 2 * HOUR,
  })
  return { id: granted.authorizationId, head }
}

export const aRotation = (family: Family, newTokenHash = sha256(systemRandom.secret())) => ({
  familyId: family.id,
  oldTokenHash: family.head,
  newTokenHash,
  successorSalt: systemRandom.secret(),
  now: NOW,
  idleExpiresAt: NOW + HOUR,
  purgeAfter: NOW + 2 * HOUR,
})

/** A rotation as the refresh grant makes it: the new head and the evidence of the old one together. */
export const rotate = (
  { store, realm }: Pick<Scene, 'store' | 'realm'>,
  rotation: ReturnType<typeof aRotation>,
): Promise<boolean> =>
  store.transaction((transaction) => transaction.realm(realm.realmId).refreshFamilies.rotate(rotation))
