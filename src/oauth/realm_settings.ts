/** The policy of a realm, in the names of the administration API. Held in the database, never in the configuration file. */
import type { AuthorizationDetailsType } from './authorization_details_type.ts'
import type { ClientAttester } from './client_metadata.ts'
import type { Profile } from './profile.ts'
import type { Resource } from './resources.ts'

export type JwtIdentityProvider = {
  jwt_issuer_uri: string
  jwks_uri: string
  jwt_audience?: string
  /** What the button on the sign-in page calls it. */
  name?: string
  /** This server as a client of the provider: with both endpoints, people can sign in there. */
  client_id?: string
  authorization_endpoint?: string
  token_endpoint?: string
  token_endpoint_auth_method?: UpstreamAuthMethod
  /** See authentication/upstream_secret.ts; never shown. */
  sealed_client_secret?: string
  scope?: string
}

export const UPSTREAM_AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const
export type UpstreamAuthMethod = (typeof UPSTREAM_AUTH_METHODS)[number]

/** A provider at which people can sign in. */
export type UpstreamProvider = JwtIdentityProvider &
  Required<Pick<JwtIdentityProvider, 'client_id' | 'authorization_endpoint' | 'token_endpoint'>>

export const isUpstreamProvider = (idp: JwtIdentityProvider): idp is UpstreamProvider =>
  idp.client_id !== undefined && idp.authorization_endpoint !== undefined && idp.token_endpoint !== undefined

/** A method that is absent is off. */
export type AuthParams = {
  username_password_params?: { allow_expired_passwords: boolean; max_password_age_seconds?: number }
  jwt_params?: { idp_params: JwtIdentityProvider[]; smallest_refresh_interval_seconds: number }
  totp_params?: { algorithm: 'SHA1' | 'SHA256' | 'SHA512'; step: number }
  client_certificate_params?: { subject_from: 'subject_dn' | 'san_dns' | 'san_email' | 'x5t_s256' }
}

/** OpenID Connect Core §2 – the realm's own names for how well somebody signed in. */
export type AcrParams = {
  /** With one factor, such as a password. */
  one_factor: string
  /** With two, such as a password and a one-time code. */
  two_factors: string
}

export type RealmSettings = {
  auth_params: AuthParams
  session_max_age_seconds: number
  session_max_stale_age_seconds: number
  /** Of every client of the realm at least; absent: each client has its own. */
  profile?: Profile
  /** Absent: tokens say nothing of it, and nothing can be asked for. */
  acr_params?: AcrParams
  /** Scopes that clients of this realm may be registered for, beside the standard ones. */
  scopes: { name: string; description?: string }[]
  /** RFC 8707 – what access tokens can be for, beside this server itself; nothing when absent. */
  resources?: Resource[]
  /** RFC 9396 §2 – types of details that clients of this realm may be registered for; none when absent. */
  authorization_details_types?: AuthorizationDetailsType[]
  /** RFC 9449 §8 – whether DPoP proofs carry a nonce of this server; off when absent. */
  dpop_nonce?: DpopNoncePolicy
  /** Attestation-Based Client Authentication §10.8 – trusted for every client of the realm that names none of its own. */
  client_attesters?: ClientAttester[]
}

export const DPOP_NONCE_POLICIES = ['off', 'optional', 'required'] as const
export type DpopNoncePolicy = (typeof DPOP_NONCE_POLICIES)[number]

/** The realm of the administrators: it exists from the first start and cannot be deleted. */
export const ADMINISTRATORS_REALM = '_'

export const isRealmId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text)
