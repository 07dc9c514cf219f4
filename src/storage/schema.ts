/**
 * The tables, as Kysely sees them. Portable across SQLite, PostgreSQL and MySQL/MariaDB: text, bigint epoch milliseconds
 * (`*_at`), integers 0 and 1 for booleans, JSON as text. Column names are the wire names.
 */

import type { AuditChainsTable, AuditEventsTable } from './audit_schema.ts'

type Flag = 0 | 1
type Json = string

export type RealmsTable = {
  id: string
  settings: Json
  created_at: number
  updated_at: number
}

/**
 * Apart from the realm's own row: on MySQL every insert into a realm holds a shared lock on that row, and two callers that
 * hold it and then want to change it would be a deadlock.
 */
export type RealmVersionsTable = {
  realm_id: string
  /** Grows with every change inside the realm: the signal by which other nodes drop what they cached. */
  version: number
}

export type UsersTable = {
  realm_id: string
  /** The stable, opaque `sub`. */
  id: string
  username: string
  /** NFKC, case-folded: what uniqueness and lookup go by. */
  canonical_username: string
  password_hash: string | null
  password_changed_at: number | null
  change_password: Flag
  enabled: Flag
  roles: Json
  groups: Json
  claims: Json
  identities: Json
  certificate: Json | null
  created_at: number
  updated_at: number
}

/** An index over the users' `identities`: one user of a realm at most has each. */
export type UserIdentitiesTable = {
  realm_id: string
  /** SHA-256 of issuer and subject, which together are too long for a key. */
  identity_hash: string
  user_id: string
}

/** An index over the users' `certificate`: one user of a realm at most has each. */
export type UserCertificatesTable = {
  realm_id: string
  /** SHA-256 of the kind of name and the name in its canonical form. */
  certificate_key: string
  user_id: string
}

export type TotpCredentialsTable = {
  realm_id: string
  user_id: string
  /** Encrypted: see keys/sealing.ts. */
  sealed_secret: string
  /** SHA1, SHA256 or SHA512, as the realm had it when the secret was made. */
  algorithm: string
  /** Seconds. */
  step: number
  /** The time step of the last code that was accepted: RFC 6238 §5.2. */
  last_step: number | null
  created_at: number
}

export type RecoveryCodesTable = {
  realm_id: string
  user_id: string
  code_hash: string
  created_at: number
  used_at: number | null
}

export type ClientsTable = {
  realm_id: string
  client_id: string
  secret_hash: string | null
  metadata: Json
  enabled: Flag
  created_at: number
  updated_at: number
}

export type ClientSecretsTable = {
  realm_id: string
  client_id: string
  /** See keys/sealing.ts. */
  sealed_secret: string
  created_at: number
}

export type ConsentsTable = {
  realm_id: string
  user_id: string
  client_id: string
  scopes: Json
  authorization_details: Json | null
  resources: Json | null
  granted_at: number
}

export type InteractionsTable = {
  id: string
  realm_id: string
  client_id: string
  /** SHA-256 of the browser's interaction cookie: only that browser may go on. */
  browser_hash: string
  parameters: Json
  /** SHA-256 of the pushed request's reference, when the request came that way. */
  pushed_request_hash: string | null
  /** When a person signed in inside this interaction, which satisfies prompt=login and max_age. */
  authenticated_at: number | null
  /** Who gave the right password here a moment ago and is now asked for a code. */
  first_factor: Json | null
  created_at: number
  expires_at: number
  completed_at: number | null
}

export type UpstreamRequestsTable = {
  realm_id: string
  /** SHA-256 of the `state` parameter. */
  state_hash: string
  interaction_id: string
  issuer: string
  created_at: number
  expires_at: number
}

export type PushedRequestsTable = {
  reference_hash: string
  realm_id: string
  client_id: string
  parameters: Json
  created_at: number
  expires_at: number
  completed_at: number | null
}

export type AuthorizationCodesTable = {
  code_hash: string
  realm_id: string
  client_id: string
  user_id: string
  authorization_id: string
  /** What the person allowed: see authorization/granted.ts. */
  granted: Json
  failed_attempts: number
  created_at: number
  expires_at: number
  used_at: number | null
  /** The row outlives the code, so that a replay can still be told from a guess. */
  purge_after: number
}

export type RefreshFamiliesTable = {
  id: string
  realm_id: string
  client_id: string
  user_id: string
  session_id: string | null
  granted: Json
  /** The one live token: a family cannot have two heads. */
  current_token_hash: string
  created_at: number
  rotated_at: number
  idle_expires_at: number
  expires_at: number
  revoked_at: number | null
  revoke_reason: string | null
}

export type ReplacedRefreshTokensTable = {
  token_hash: string
  realm_id: string
  family_id: string
  /** With the replaced token itself, gives the successor again: see storage/refresh_families.ts. */
  successor_salt: string
  replaced_at: number
  retried_at: number | null
  purge_after: number
}

/** Access tokens that say nothing by themselves: what they stand for is looked up here. */
export type OpaqueTokensTable = {
  token_hash: string
  realm_id: string
  claims: Json
  created_at: number
  expires_at: number
}

export type RevocationsTable = {
  realm_id: string
  /** An access token's `jti`, or the id of an authorization and with it everything issued from it. */
  id: string
  reason: string
  revoked_at: number
  purge_after: number
}

export type ReplayMarksTable = {
  mark_hash: string
  purge_after: number
}

export type SigningKeysTable = {
  kid: string
  realm_id: string
  alg: string
  state: string
  /** `active` for the one key that signs, `next` for the one that will, NULL otherwise: unique with realm and algorithm on every engine. */
  active_slot: string | null
  public_jwk: Json
  private_jwk: Json
  created_at: number
  updated_at: number
  activated_at: number | null
  due_at: number | null
}

export type RealmSecretsTable = {
  realm_id: string
  purpose: string
  secret: string
  created_at: number
}

export type SetupTokensTable = {
  token_hash: string
  created_at: number
  expires_at: number
  used_at: number | null
}

export type ApiKeysTable = {
  id: string
  realm_id: string
  secret_hash: string
  name: string
  roles: Json
  scopes: Json
  created_by: string | null
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
}

export type SessionClientsTable = {
  realm_id: string
  session_id: string
  client_id: string
  /** The session as this client was told of it: its id then, which a later sign-in of the same person replaced. */
  sid: string
  user_id: string
  purge_after: number
}

export type LogoutDeliveriesTable = {
  id: string
  realm_id: string
  client_id: string
  sid: string
  user_id: string
  attempts: number
  created_at: number
  /** Moved ahead by whoever takes the delivery on: what is in nobody's hands any more is due again. */
  next_attempt_at: number
}

export type Schema = {
  realms: RealmsTable
  realm_versions: RealmVersionsTable
  users: UsersTable
  user_identities: UserIdentitiesTable
  user_certificates: UserCertificatesTable
  totp_credentials: TotpCredentialsTable
  recovery_codes: RecoveryCodesTable
  clients: ClientsTable
  client_secrets: ClientSecretsTable
  consents: ConsentsTable
  interactions: InteractionsTable
  upstream_requests: UpstreamRequestsTable
  pushed_requests: PushedRequestsTable
  authorization_codes: AuthorizationCodesTable
  refresh_families: RefreshFamiliesTable
  replaced_refresh_tokens: ReplacedRefreshTokensTable
  opaque_tokens: OpaqueTokensTable
  revocations: RevocationsTable
  replay_marks: ReplayMarksTable
  signing_keys: SigningKeysTable
  realm_secrets: RealmSecretsTable
  setup_tokens: SetupTokensTable
  audit_events: AuditEventsTable
  audit_chains: AuditChainsTable
  api_keys: ApiKeysTable
  session_clients: SessionClientsTable
  logout_deliveries: LogoutDeliveriesTable
}
