/**
 * Every key of auth_server.toml with its type, bounds and default. The keys keep their TOML names, so that an
 * operator's search for a key finds the code that reads it.
 */
import { z } from 'zod'

const port = z.int().min(0).max(65535)
const path = z.string().min(1)
const seconds = (fallback: number, bounds: { min?: number; max?: number } = {}) =>
  z
    .int()
    .min(bounds.min ?? 1)
    .max(bounds.max ?? 315_360_000)
    .default(fallback)

const tls_params = z.strictObject({
  server_private_key: path,
  server_certificate: path,
  server_ca_chain: path,
  client_ca_cert_chain: path.optional(),
  tls_cipher_suites: z.string().min(1).optional(),
})

const session_jwt_params = z.strictObject({
  jwt_ec_private_key: path,
  jwt_ec_public_key: path,
})

const connection = {
  max_connections: z.int().min(1).max(10_000).default(10),
  min_connections: z.int().min(0).max(10_000).default(0),
  connect_timeout_secs: seconds(30),
  idle_timeout_secs: seconds(600),
  auto_init_schema: z.boolean().default(true),
}

const database_params = z.strictObject({
  backend: z.enum(['sqlite', 'postgresql', 'mysql']).default('sqlite'),
  connection_url: z.string().min(1).default('sqlite://auth_server.db'),
  allow_plaintext_database: z.boolean().default(false),
  ...connection,
})

const sessions_store_params = z.strictObject({
  backend: z.enum(['sqlite', 'postgresql', 'mysql', 'redis']).default('sqlite'),
  connection_url: z.string().min(1).default('sqlite://auth_server.db'),
  ...connection,
})

const stale_session_collector_config = z.strictObject({
  cleanup_interval_seconds: seconds(60),
})

const proxy_params = z.strictObject({
  url: z.string().min(1),
  basic_auth_username: z.string().optional(),
  basic_auth_password: z.string().optional(),
  custom_auth_header: z.string().optional(),
  exclusion_list: z.array(z.string().min(1)).default([]),
})

const oauth_params = z.strictObject({
  issuer: z.string().optional(),
  default_realm: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, _ or -')
    .default('main'),
  access_token_ttl_secs: seconds(900, { max: 31_536_000 }),
  id_token_ttl_secs: seconds(300, { max: 31_536_000 }),
  refresh_token_ttl_secs: seconds(2_592_000),
  refresh_token_idle_secs: seconds(604_800),
  code_ttl_secs: seconds(60, { max: 600 }),
  par_ttl_secs: seconds(60, { min: 5, max: 600 }),
  default_signing_alg: z.enum(['ES256', 'RS256', 'PS256', 'EdDSA']).default('ES256'),
})

const mtls_params = z.strictObject({
  host_port: port.optional(),
})

const signing_keys_params = z.strictObject({
  provider: z.enum(['database']).default('database'),
  rotation_interval_secs: seconds(7_776_000),
  prepublish_secs: seconds(86_400, { min: 0 }),
})

const password_hashing_params = z.strictObject({
  memory_kib: z.int().min(8).max(4_194_304).default(19_456),
  iterations: z.int().min(1).max(1_000).default(2),
  parallelism: z.int().min(1).max(255).default(1),
  max_concurrent: z.int().min(1).max(64).default(2),
  max_queue: z.int().min(0).max(100_000).default(64),
})

const server_params = z.strictObject({
  trusted_proxies: z.array(z.string().min(1)).default([]),
  allowed_hosts: z.array(z.string().min(1)).default([]),
  cors_allowed_origins: z.array(z.string().min(1)).default([]),
  request_timeout_secs: seconds(10, { max: 3_600 }),
  shutdown_grace_secs: seconds(25, { min: 0, max: 3_600 }),
  production: z.boolean().default(false),
})

const log_params = z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  pretty: z.boolean().optional(),
})

export const configSchema = z.strictObject({
  host_name: z.string().min(1),
  host_port: port,
  default_username: z.string().min(1).max(256).optional(),
  tls_params,
  session_jwt_params: session_jwt_params.optional(),
  database_params: database_params.prefault({}),
  sessions_store_params: sessions_store_params.optional(),
  stale_session_collector_config: stale_session_collector_config.prefault({}),
  proxy_params: proxy_params.optional(),
  oauth_params: oauth_params.prefault({}),
  mtls_params: mtls_params.prefault({}),
  signing_keys_params: signing_keys_params.prefault({}),
  password_hashing_params: password_hashing_params.prefault({}),
  server_params: server_params.prefault({}),
  log_params: log_params.prefault({}),
})

/** The file as read and defaulted. */
export type FileConfig = z.output<typeof configSchema>

export type DatabaseParams = z.output<typeof database_params>
export type SessionsStoreParams = z.output<typeof sessions_store_params>
export type OauthParams = z.output<typeof oauth_params>
export type PasswordHashingParams = z.output<typeof password_hashing_params>

/**
 * What the server runs on: the file, with everything that follows from it worked out once.
 * Deep-frozen; no code changes it and no code but `config/` reads the environment.
 */
export type Config = Omit<FileConfig, 'sessions_store_params' | 'oauth_params' | 'log_params'> & {
  sessions_store_params: SessionsStoreParams
  oauth_params: OauthParams & { issuer: string }
  log_params: { level: string; pretty: boolean }
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
