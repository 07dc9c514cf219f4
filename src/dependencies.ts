/** The composition root: from the configuration to everything that endpoints work with. */
import type { DestinationStream } from 'pino'
import { createFindApiKey, type FindApiKey } from './authentication/api_key.ts'
import { createClientCertificateAuthentication } from './authentication/client_certificate.ts'
import { createJwtIdpAuthentication, type JwtIdpAuthentication } from './authentication/jwt_idp.ts'
import { createKnownDevices, type KnownDevices } from './authentication/known_device.ts'
import { createLoginFlow, type LoginFlow } from './authentication/login.ts'
import { createPasswordAuthentication, type PasswordAuthentication } from './authentication/password.ts'
import { createPasswordHashing, type PasswordHashing } from './authentication/password_hashing.ts'
import { createTotp, type Totp } from './authentication/totp.ts'
import { createUpstream, type Upstream } from './authentication/upstream.ts'
import { type AuthenticateClient, createAuthenticateClient } from './client_auth/authenticate.ts'
import { type ClientKeys, createClientKeys } from './client_auth/client_keys.ts'
import type { Config } from './config/schema.ts'
import { createExchange, type Exchange } from './grants/exchange.ts'
import { createDatabaseKeys } from './keys/database.ts'
import type { KeyLife } from './keys/key_life.ts'
import type { KeyProvider } from './keys/key_provider.ts'
import { openLimits } from './limits/open_limits.ts'
import type { RateLimits } from './limits/rate_limits.ts'
import type { NoteRefusal } from './limits/refusal_notes.ts'
import { createAnnounce } from './logout/announce.ts'
import { createLogoutWorker } from './logout/worker.ts'
import { openSessionStore } from './sessions/registry.ts'
import { createSessionJwt, type SessionJwt } from './sessions/session_jwt.ts'
import type { SessionStore } from './sessions/session_store.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'
import { chainKeysOf } from './storage/audit_chain.ts'
import { openDatabase } from './storage/database.ts'
import { type NewerSchema, prepareSchema } from './storage/migrate.ts'
import { createRealmDirectory, type RealmDirectory } from './storage/realm_directory.ts'
import type { Schema } from './storage/schema.ts'
import { createStore, type Store } from './storage/store.ts'
import { type Clock, systemClock } from './system/clock.ts'
import { startCollector } from './system/collector.ts'
import { createLog, type Log } from './system/log.ts'
import { createOutbound, type Outbound } from './system/outbound.ts'
import { type Random, systemRandom } from './system/random.ts'
import { createSubjects, type Subjects } from './tokens/subject.ts'
import { createFindAccessToken, type FindAccessToken } from './tokens/verify.ts'

export type Dependencies = {
  config: Config
  log: Log
  clock: Clock
  random: Random
  store: Store
  realms: RealmDirectory
  sessionStore: SessionStore
  sessions: Sessions
  /** Its `reload` takes other `rate_limit_params` while the server runs. */
  rateLimits: RateLimits
  noteRefusal: NoteRefusal
  sessionJwt: SessionJwt
  keys: KeyProvider & { life: KeyLife }
  outbound: Outbound
  knownDevices: KnownDevices
  passwordHashing: PasswordHashing
  passwordAuthentication: PasswordAuthentication
  jwtIdps: JwtIdpAuthentication
  upstream: Upstream
  totp: Totp
  loginFlow: LoginFlow
  authenticateClient: AuthenticateClient
  clientKeys: ClientKeys
  subjects: Subjects
  findAccessToken: FindAccessToken
  findApiKey: FindApiKey
  exchange: Exchange
  /**
   * Makes the schemas current, or throws with the list of what is missing where it may not. May be called again when a store
   * could not be reached.
   */
  prepare(newer?: NewerSchema): Promise<void>
  /** Takes on what can change: the log level, the outbound proxy, the rate limits, and whose client certificates are believed. */
  apply(config: Config): void
  /** Stops what runs by itself and closes the stores. */
  close(): Promise<void>
}

/** Of each table at a time. */
const PURGE_BATCH = 500

/** An RSA key takes a tenth of a second to make. */
const KEYS_AT_A_TIME = 20
const KEYS_EVERY_SECONDS = 10

/** Each removal is an event itself. */
const AUDIT_EVERY_SECONDS = 3_600

/** What a test puts in place of the real thing. */
export type Overrides = { clock?: Clock; random?: Random; logDestination?: DestinationStream }

/** Nothing is asked of them yet, but a SQLite file is opened at once. */
const openStores = (config: Config, log: Log) => {
  const database = openDatabase<Schema>(config.database_params, log)
  const { sessionStore, prepare: prepareSessions } = openSessionStore({ config, database, log })
  const prepare = async (newer: NewerSchema): Promise<void> => {
    await prepareSchema(database, 'primary', { ...config.database_params, newer }, log)
    await prepareSessions(newer)
  }
  return { database, sessionStore, prepare }
}

/** Everything but stores that were ever asked: `prepare` has to succeed before requests are answered. */
export const openDependencies = (config: Config, overrides: Overrides = {}): Dependencies => {
  const clock = overrides.clock ?? systemClock
  const random = overrides.random ?? systemRandom
  const log = createLog(config.log_params, overrides.logDestination)
  const { database, sessionStore, prepare } = openStores(config, log)

  const store = createStore(database, chainKeysOf(config.secrets_params))
  const { issuer, default_realm: defaultRealm } = config.oauth_params
  const realms = createRealmDirectory({ store, clock, issuer, defaultRealm })
  const keys = createDatabaseKeys({ config, store, clock, random, log })
  const outbound = createOutbound({
    proxy: config.proxy_params,
    allowLoopback: config.is_development,
    allowedNetworks: [],
  })
  const clientKeys = createClientKeys({ outbound, clock, log })
  const subjects = createSubjects({ clock, random })
  const logoutWorker = createLogoutWorker({ store, realms, keys, clientKeys, subjects, outbound, clock, random, log })
  const sessionEnds = createAnnounce({ store, clock, random, wake: logoutWorker.wake })
  const sessions = createSessions({ sessionStore, sessionEnds, clock, random })
  const limits = openLimits({ config, clock, log })
  const { counting, rateLimits, noteRefusal } = limits
  const base = {
    config,
    log,
    clock,
    random,
    store,
    realms,
    sessionStore,
    sessions,
    keys,
    clientKeys,
    subjects,
    outbound,
    counting,
    rateLimits,
    noteRefusal,
  }

  const knownDevices = createKnownDevices(base)
  const passwordHashing = createPasswordHashing(config.password_hashing_params, log)
  const passwordAuthentication = createPasswordAuthentication({ ...base, passwordHashing, knownDevices })
  const jwtIdps = createJwtIdpAuthentication(base)
  const clientCertificates = createClientCertificateAuthentication(base)
  const totp = createTotp(base)
  const methods = { up: passwordAuthentication.prove, jwt: jwtIdps.prove, cc: clientCertificates.prove }
  const loginFlow = createLoginFlow({ methods, totp, clock, random })
  const authenticateClient = createAuthenticateClient({ ...base, clientCertificates })
  const { cleanup_interval_seconds: intervalSeconds } = config.stale_session_collector_config
  const retentionMs = config.audit_params.retention_secs * 1000
  const collectors = [
    startCollector({ what: 'sessions that are over', removeBatch: sessions.removeExpiredBatch, log, intervalSeconds }),
    startCollector({
      what: 'rows that are over',
      removeBatch: () => store.purgeExpired(clock.now(), PURGE_BATCH),
      log,
      intervalSeconds,
    }),
    startCollector({
      what: 'audit events beyond retention',
      removeBatch: async () =>
        retentionMs === 0 ? 0 : await store.purgeAudit(clock.now() - retentionMs, PURGE_BATCH, { clock, random }),
      log,
      intervalSeconds: AUDIT_EVERY_SECONDS,
    }),
    startCollector({
      what: 'signing keys',
      removeBatch: () => keys.life.advance(KEYS_AT_A_TIME),
      log,
      intervalSeconds: KEYS_EVERY_SECONDS,
    }),
  ]

  return {
    ...base,
    sessionJwt: createSessionJwt(base),
    knownDevices,
    passwordHashing,
    passwordAuthentication,
    jwtIdps,
    upstream: createUpstream({ ...base, jwtIdps, loginFlow }),
    totp,
    loginFlow,
    authenticateClient,
    findAccessToken: createFindAccessToken(base),
    findApiKey: createFindApiKey(base),
    exchange: createExchange({ ...base, authenticateClient }),
    async prepare(newer = 'refused') {
      await prepare(newer)
      logoutWorker.start()
    },
    apply(next) {
      log.level = next.log_params.level
      outbound.useProxy(next.proxy_params)
      rateLimits.reload(next.rate_limit_params)
      clientCertificates.trust(next)
    },
    async close() {
      await Promise.all([logoutWorker, ...collectors].map((worker) => worker.stop()))
      await limits.close()
      await sessionStore.close()
      await database.close()
    },
  }
}
