/** All repositories over one database: those of the server, and those of a realm, which no query can leave. */
import type { Kysely } from 'kysely'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { createAnyApiKeys, createApiKeys } from './api_keys.ts'
import { type ChainKeys, NO_CHAIN_KEYS } from './audit_chain.ts'
import { createAuditEvents, type Transact } from './audit_events.ts'
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

const createRealmStore = (db: Kysely<Schema>, realmId: string, chain: Chain) => ({
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
  apiKeys: createApiKeys(db, realmId),
  audit: createAuditEvents(db, realmId, chain),
})

/** The repositories of one realm. */
export type RealmStore = ReturnType<typeof createRealmStore>

type Chain = { transact: Transact; keys: ChainKeys }

const createRepositories = (db: Kysely<Schema>, chain: Chain) => ({
  realms: createRealms(db),
  setupTokens: createSetupTokens(db),
  sessionClients: createSessionClients(db),
  logoutDeliveries: createLogoutDeliveries(db),
  dueSigningKeys: createDueSigningKeys(db),
  apiKeys: createAnyApiKeys(db),
  realm: (realmId: string): RealmStore => createRealmStore(db, realmId, chain),
})

type Repositories = ReturnType<typeof createRepositories>

/** `keys`: of the audit's chain; see audit_chain.ts. */
export const createStore = (database: Database, keys: ChainKeys = NO_CHAIN_KEYS) => ({
  ...createRepositories(database.db, { transact: (work) => database.transaction(work), keys }),

  /**
   * All or nothing. Use only the handle that is given: the outer one waits forever on SQLite. Never hash a password, sign
   * or fetch in here. A serialization failure or deadlock is tried again, so the work must be repeatable.
   */
  transaction: <T>(work: (repositories: Repositories) => Promise<T>): Promise<T> =>
    database.transaction((transaction) =>
      work(createRepositories(transaction, { transact: (inside) => inside(transaction), keys })),
    ),

  purgeExpired: createPurgeExpired(database.db),

  /** Events from before `endedBefore`, so many at most, of the realm that has the oldest one; how many went. */
  async purgeAudit(endedBefore: number, limit: number, deps: { clock: Clock; random: Random }): Promise<number> {
    const oldest = await database.db
      .selectFrom('audit_events')
      .select('realm_id')
      .where('occurred_at', '<', endedBefore)
      .orderBy('occurred_at')
      .limit(1)
      .executeTakeFirst()
    if (!oldest) return 0
    const chain: Chain = { transact: (work) => database.transaction(work), keys }
    return await createAuditEvents(database.db, oldest.realm_id, chain).removeOld(endedBefore, limit, deps)
  },
  check: () => database.check(),
  close: () => database.close(),
})

export type Store = ReturnType<typeof createStore>
