/** All repositories over one database: those of the server, and those of a realm, which no query can leave. */
import type { Kysely } from 'kysely'
import { createAuditEvents } from './audit_events.ts'
import { createAuthorizationCodes } from './authorization_codes.ts'
import { createClientSecrets } from './client_secrets.ts'
import { createClients } from './clients.ts'
import { createConsents } from './consents.ts'
import type { Database } from './database.ts'
import { createInteractions } from './interactions.ts'
import { createLogoutDeliveries } from './logout_deliveries.ts'
import { createOpaqueTokens } from './opaque_tokens.ts'
import { createPurgeExpired } from './purge.ts'
import { createPushedRequests } from './pushed_requests.ts'
import { createRealmSecrets } from './realm_secrets.ts'
import { createRealms } from './realms.ts'
import { createRecoveryCodes } from './recovery_codes.ts'
import { createRefreshFamilies } from './refresh_families.ts'
import { createReplayMarks } from './replay_marks.ts'
import { createRevocations } from './revocations.ts'
import type { Schema } from './schema.ts'
import { createSessionClients } from './session_clients.ts'
import { createSetupTokens } from './setup_tokens.ts'
import { createDueSigningKeys, createSigningKeys } from './signing_keys.ts'
import { createTotpCredentials } from './totp_credentials.ts'
import { createUpstreamRequests } from './upstream_requests.ts'
import { createUsers } from './users.ts'

const createRealmStore = (db: Kysely<Schema>, realmId: string) => ({
  realmId,
  users: createUsers(db, realmId),
  totpCredentials: createTotpCredentials(db, realmId),
  recoveryCodes: createRecoveryCodes(db, realmId),
  clients: createClients(db, realmId),
  clientSecrets: createClientSecrets(db, realmId),
  consents: createConsents(db, realmId),
  interactions: createInteractions(db, realmId),
  upstreamRequests: createUpstreamRequests(db, realmId),
  pushedRequests: createPushedRequests(db, realmId),
  authorizationCodes: createAuthorizationCodes(db, realmId),
  opaqueTokens: createOpaqueTokens(db, realmId),
  refreshFamilies: createRefreshFamilies(db, realmId),
  revocations: createRevocations(db, realmId),
  replayMarks: createReplayMarks(db, realmId),
  signingKeys: createSigningKeys(db, realmId),
  realmSecrets: createRealmSecrets(db, realmId),
  audit: createAuditEvents(db, realmId),
})

/** The repositories of one realm. */
export type RealmStore = ReturnType<typeof createRealmStore>

const createRepositories = (db: Kysely<Schema>) => ({
  realms: createRealms(db),
  setupTokens: createSetupTokens(db),
  sessionClients: createSessionClients(db),
  logoutDeliveries: createLogoutDeliveries(db),
  dueSigningKeys: createDueSigningKeys(db),
  realm: (realmId: string): RealmStore => createRealmStore(db, realmId),
})

type Repositories = ReturnType<typeof createRepositories>

export const createStore = (database: Database) => ({
  ...createRepositories(database.db),

  /**
   * All or nothing. Use only the handle that is given: the outer one waits forever on SQLite. Never hash a password, sign
   * or fetch in here. A serialization failure or deadlock is tried again, so the work must be repeatable.
   */
  transaction: <T>(work: (repositories: Repositories) => Promise<T>): Promise<T> =>
    database.transaction((transaction) => work(createRepositories(transaction))),

  purgeExpired: createPurgeExpired(database.db),
  check: () => database.check(),
  close: () => database.close(),
})

export type Store = ReturnType<typeof createStore>
