/**
 * Every key of auth_server.toml with its type, bounds, default and description. The keys keep their TOML names, so that an
 * operator's search for a key finds the code that reads it; the descriptions are the comments of the shipped file.
 */
import { z } from 'zod'

/** What one timer can wait at most: 2^31 - 1 milliseconds. */
const LONGEST_TIMER_SECS = 2_147_483
const YEAR_SECS = 31_536_000
const DECADE_SECS = 10 * YEAR_SECS

// `kind` is how a problem names what was expected.
const text = z.string().min(1).meta({ kind: 'a string that is not empty' })
const path = z.string().min(1).max(4_096).meta({ kind: 'the path of a file' })
const entries = z.array(z.string()).max(10_000).meta({ kind: 'a list of at most 10000 strings' }).default([])
const integer = (min: number, max: number) => z.int().min(min).max(max)
const port = integer(0, 65_535)

const tls_params = z.strictObject({
  server_private_key: path.describe('Private key of the server: PKCS#8 PEM, EC (P-256 advised) or RSA.'),
  server_certificate: path.describe(
    'Certificate of the server: PEM, leaf first, intermediates after it; all of them are sent.',
  ),
  server_ca_chain: path.describe(
    'Trust anchor that clients use, PEM; also the default for verifying client certificates.',
  ),
  client_ca_cert_chain: path
    .optional()
    .describe(
      'CA for client certificates, PEM; without it server_ca_chain. When set, every browser may be asked for one.',
    ),
  client_crl: path
    .optional()
    .describe(
      'Revocation lists of those CAs, PEM or DER, read again when the file changes; when set, no list means no sign-in.',
    ),
  tls_cipher_suites: text
    .optional()
    .describe('Cipher suites, separated by colons; with only TLS 1.3 names TLS 1.3 is the minimum, otherwise TLS 1.2.'),
})

const session_jwt_params = z.strictObject({
  jwt_ec_private_key: path.describe('Private key, PEM, EC P-256 (ES256).'),
  jwt_ec_public_key: path.describe('Public key that belongs to it, PEM.'),
})

const connection_url_file = path.optional().describe('File that holds connection_url, instead of it.')

const pool = {
  max_connections: integer(1, 10_000).default(10).describe('Connections at most.'),
  min_connections: integer(0, 10_000).default(0).describe('Idle connections kept.'),
  connect_timeout_secs: integer(1, LONGEST_TIMER_SECS)
    .default(30)
    .describe('Seconds before a connection attempt is given up.'),
  idle_timeout_secs: integer(1, LONGEST_TIMER_SECS).default(600).describe('Seconds before an idle connection closes.'),
  auto_init_schema: z
    .boolean()
    .default(true)
    .describe(
      'Create and migrate the schema at start; false: it is managed elsewhere, and start fails with what is missing.',
    ),
}

const PRIMARY_BACKENDS = ['sqlite', 'postgresql', 'mysql'] as const

const database_params = z.strictObject({
  backend: z
    .enum(PRIMARY_BACKENDS, {
      error: ({ input }) =>
        input === 'redis'
          ? '"sqlite", "postgresql" or "mysql": Redis is no primary database, it can hold only sessions ([sessions_store_params])'
          : undefined,
    })
    .default('sqlite')
    .describe('"sqlite", "postgresql" or "mysql" (MySQL or MariaDB).'),
  connection_url: text
    .default('sqlite://auth_server.db')
    .describe(
      'sqlite://relative, sqlite:///absolute, sqlite::memory:, postgresql://user:pw@host:5432/db, mysql://user:pw@host:3306/db.',
    ),
  connection_url_file,
  ...pool,
  allow_plaintext_database: z
    .boolean()
    .default(false)
    .describe('Accept, in production, a connection without TLS to a database or session store on another host.'),
})

const sessions_store_params = z.strictObject({
  backend: z
    .enum([...PRIMARY_BACKENDS, 'redis'])
    .default('sqlite')
    .describe(
      '"sqlite", "postgresql", "mysql" or "redis"; without backend and connection_url the store is the database.',
    ),
  connection_url: text
    .default('sqlite://auth_server.db')
    .describe(
      'As in [database_params], or redis://host:6379/0, redis+sentinel://h1:26379,h2:26379/primary/0, redis+cluster://h1:6379,h2:6379 (rediss… for TLS).',
    ),
  connection_url_file,
  ...pool,
})

const stale_session_collector_config = z.strictObject({
  cleanup_interval_seconds: integer(1, LONGEST_TIMER_SECS)
    .default(60)
    .describe('Seconds between removals; SQL session stores only, Redis expires sessions itself.'),
})

const proxy_params = z.strictObject({
  url: text.describe('Proxy with scheme, host and port.'),
  basic_auth_username: text.optional().describe('User name of Basic proxy credentials.'),
  basic_auth_password: text.optional().describe('Password of Basic proxy credentials.'),
  basic_auth_password_file: path.optional().describe('File that holds basic_auth_password, instead of it.'),
  custom_auth_header: text.optional().describe('Replaces the whole Proxy-Authorization header.'),
  custom_auth_header_file: path.optional().describe('File that holds custom_auth_header, instead of it.'),
  exclusion_list: entries.describe('Hosts, IP addresses, CIDR ranges and .suffix domains that go direct.'),
})

const oauth_params = z.strictObject({
  issuer: text
    .optional()
    .describe("Issuer identifier; without it https://host:port of the certificate's first DNS name."),
  default_realm: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, _ or -')
    .default('main')
    .describe('Realm that answers at the root as well.'),
  access_token_ttl_secs: integer(1, YEAR_SECS).default(900).describe('Seconds that an access token lives.'),
  id_token_ttl_secs: integer(1, YEAR_SECS).default(300).describe('Seconds that an ID token lives.'),
  refresh_token_ttl_secs: integer(1, DECADE_SECS)
    .default(2_592_000)
    .describe('Seconds that a refresh token lives, however often it is used.'),
  refresh_token_idle_secs: integer(1, DECADE_SECS)
    .default(604_800)
    .describe('Seconds after which a refresh token that is not used is over.'),
  code_ttl_secs: integer(1, 600).default(60).describe('Seconds that an authorization code lives.'),
  par_ttl_secs: integer(5, 600).default(60).describe('Seconds that a pushed authorization request lives.'),
  default_signing_alg: z
    .enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
    .default('ES256')
    .describe('Signature of tokens where the client asks for none: "ES256", "RS256", "PS256" or "EdDSA".'),
})

const mtls_params = z.strictObject({
  host_port: port
    .optional()
    .describe('Second port: client certificates are asked for there only, and mtls_endpoint_aliases point to it.'),
})

const signing_keys_params = z.strictObject({
  provider: z.enum(['database']).default('database').describe('Where signing keys live: "database".'),
  rotation_interval_secs: integer(1, DECADE_SECS)
    .default(7_776_000)
    .describe('Seconds after which a signing key is replaced.'),
  prepublish_secs: integer(0, DECADE_SECS).default(86_400).describe('Seconds that a key is published before it signs.'),
})

const password_hashing_params = z.strictObject({
  memory_kib: integer(8, 4_194_304).default(19_456).describe('KiB of memory of one Argon2id hash.'),
  iterations: integer(1, 1_000).default(2).describe('Passes of one hash over its memory.'),
  parallelism: integer(1, 255).default(1).describe('Lanes of one hash.'),
  max_concurrent: integer(1, 64).default(2).describe('Hashes at the same time.'),
  max_queue: integer(0, 100_000).default(64).describe('Hashes that may wait; more are answered "try again later".'),
})

const secrets_params = z.strictObject({
  encryption_key: text
    .optional()
    .describe(
      'Key under which secrets are kept in the database: 32 bytes as base64url; one-time codes and client secrets at identity providers need it.',
    ),
  encryption_key_file: path.optional().describe('File that holds encryption_key, instead of it.'),
  previous_encryption_key: text
    .optional()
    .describe('The key before it, which still opens what it sealed, until everything was used once.'),
  previous_encryption_key_file: path.optional().describe('File that holds previous_encryption_key, instead of it.'),
})

const server_params = z.strictObject({
  trusted_proxies: entries.describe('CIDR ranges of the reverse proxies whose X-Forwarded-For is believed.'),
  allowed_hosts: entries.describe(
    "Hosts that requests may name besides the issuer's, with the port where it is not 443.",
  ),
  cors_allowed_origins: entries.describe('Origins whose pages may call the endpoints that clients in browsers use.'),
  request_timeout_secs: integer(1, 3_600)
    .default(10)
    .describe('Seconds before a request that has not arrived completely is given up.'),
  shutdown_grace_secs: integer(0, 3_600).default(25).describe('Seconds that requests may take to finish at shutdown.'),
  production: z.boolean().default(false).describe('Refuse to start with settings that are fit for development only.'),
})

const RATE = [1, 1_000_000] as const

const rates = {
  requests_per_second: integer(...RATE)
    .optional()
    .describe('Requests a second that one address (of IPv6 one /64) may send; without it as many as it likes.'),
  burst_size: integer(...RATE)
    .optional()
    .describe('Requests that it may send at once; without it as many as in a second.'),
  realm_requests_per_second: integer(...RATE)
    .optional()
    .describe('Requests a second that one realm takes from everybody together.'),
  realm_burst_size: integer(...RATE)
    .optional()
    .describe('Requests that it takes at once.'),
  client_requests_per_second: integer(...RATE)
    .optional()
    .describe(
      'Requests a second with which one client may authenticate; rate_limit of a client says otherwise for it.',
    ),
  client_burst_size: integer(...RATE)
    .optional()
    .describe('Requests with which it may authenticate at once.'),
}

const realm_id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, _ or -')

const rate_limit_params = z.strictObject({
  ...rates,
  realms: z
    .record(realm_id, z.strictObject(rates))
    .optional()
    .describe('The same keys for one realm, instead of those above.'),
})

const audit_params = z.strictObject({
  retention_secs: integer(0, DECADE_SECS)
    .default(34_560_000)
    .describe('Seconds that audit events are kept, 400 days unless it says otherwise; 0 keeps them for ever.'),
})

const log_params = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('"trace", "debug", "info", "warn", "error", "fatal" or "silent".'),
  pretty: z.boolean().optional().describe('Lines for people instead of JSON; without it, true on a terminal.'),
})

export const configSchema = z.strictObject({
  host_name: text.describe('Address to bind; "0.0.0.0" or "::" for all.'),
  host_port: port.describe('Port to bind, TLS only; there is no plain listener.'),
  default_username: text
    .max(256)
    .optional()
    .describe('Development only: a request without credentials acts as this user of the administration realm.'),
  tls_params: tls_params.describe('Keys and certificates of the listener.'),
  session_jwt_params: session_jwt_params
    .optional()
    .describe('Key pair for session JWTs; without this table the TLS key signs them and must be EC P-256.'),
  database_params: database_params.prefault({}).describe('The primary database.'),
  sessions_store_params: sessions_store_params
    .optional()
    .describe('Where sessions live; without this table in the database.'),
  stale_session_collector_config: stale_session_collector_config
    .prefault({})
    .describe('Removal of sessions that are over.'),
  proxy_params: proxy_params.optional().describe('Outbound HTTP(S) proxy for every outbound fetch.'),
  oauth_params: oauth_params.prefault({}).describe('OAuth and OpenID Connect.'),
  mtls_params: mtls_params.prefault({}).describe('Mutual TLS.'),
  signing_keys_params: signing_keys_params.prefault({}).describe('Keys that sign tokens.'),
  password_hashing_params: password_hashing_params.prefault({}).describe('Argon2id for the passwords of people.'),
  secrets_params: secrets_params.prefault({}).describe('Encryption of secrets in the database.'),
  server_params: server_params.prefault({}).describe('The HTTPS server.'),
  rate_limit_params: rate_limit_params
    .prefault({})
    .describe('How often clients may ask; 429 with Retry-After beyond it.'),
  audit_params: audit_params.prefault({}).describe('The audit of each realm.'),
  log_params: log_params.prefault({}).describe('Log lines.'),
})

/** The file as read and defaulted. */
export type FileConfig = z.output<typeof configSchema>

export type SessionsStoreParams = z.output<typeof sessions_store_params>
export type OauthParams = z.output<typeof oauth_params>
export type RateLimitParams = z.output<typeof rate_limit_params>
export type PasswordHashingParams = z.output<typeof password_hashing_params>

/**
 * What the server runs on: the file, with everything that follows from it worked out once.
 * Deep-frozen; no code changes it and no code but `config/` reads the environment.
 */
export type Config = Omit<FileConfig, 'sessions_store_params' | 'oauth_params' | 'log_params'> & {
  sessions_store_params: SessionsStoreParams
  oauth_params: OauthParams & { issuer: string }
  log_params: { level: string; pretty: boolean }
  /** What the listeners offer: see config/cipher_suites. */
  tls: { minVersion: 'TLSv1.2' | 'TLSv1.3'; ciphers: string }
  /** Whether the main port asks for client certificates: with client_ca_cert_chain, and no port of their own for them. */
  asks_for_certificate: boolean
  /** The issuer's host is this machine alone and production is not asked for. */
  is_development: boolean
  /** Hosts that a request may name, lower case with port where it is not 443. */
  hosts: readonly string[]
  /** PEM contents of the files that the configuration names, read and checked. */
  pem: {
    server_private_key: string
    server_certificate: string
    client_ca: string
    session_jwt_private_key: string
    session_jwt_public_key: string
  }
  /** Things worth a warning at every start. */
  warnings: readonly string[]
  /** APP_REALM_ADMIN_USERNAME and APP_REALM_ADMIN_INITIAL_PASSWORD, when both are set. */
  initial_administrator: { username: string; password: string } | undefined
}
