/** RFC 7591 §2 and OpenID Connect Dynamic Client Registration 1.0 §2 – what is known of a client. Wire names, as they are. */

import type { EncryptionAlg, EncryptionEnc } from './encryption_algs.ts'
import type { Profile } from './profile.ts'

export const TOKEN_ENDPOINT_AUTH_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'attest_jwt_client_auth',
] as const
export type TokenEndpointAuthMethod = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number]

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const
export type GrantType = (typeof GRANT_TYPES)[number]

export type PublicJwk = { kty: string; kid?: string; alg?: string; use?: string; [member: string]: unknown }

/** Attestation-Based Client Authentication §10.8 – who attests instances of clients; with exactly one of both places of its keys. */
export type ClientAttester = { issuer: string; jwks?: { keys: PublicJwk[] }; jwks_uri?: string }

export type ClientMetadata = {
  client_name?: string
  client_uri?: string
  logo_uri?: string
  policy_uri?: string
  tos_uri?: string
  contacts?: string[]
  application_type: 'web' | 'native'
  redirect_uris: string[]
  post_logout_redirect_uris: string[]
  grant_types: GrantType[]
  response_types: 'code'[]
  /** Space-separated: the scopes that this client may ask for. */
  scope: string
  /** RFC 9396 §10 – the types of details that this client may ask for; none when it is absent. */
  authorization_details_types?: string[]
  token_endpoint_auth_method: TokenEndpointAuthMethod
  token_endpoint_auth_signing_alg?: string
  jwks?: { keys: PublicJwk[] }
  jwks_uri?: string
  /** For attest_jwt_client_auth: instead of those of the realm. */
  client_attesters?: ClientAttester[]
  id_token_signed_response_alg: string
  /** OpenID Connect Core §8 */
  subject_type: 'public' | 'pairwise'
  /** OpenID Connect Core §8.1 – whose clients know a person by the same subject. */
  sector_identifier_uri?: string
  default_max_age?: number
  /** Told by this server itself, over TLS: Back-Channel Logout §2.2. */
  backchannel_logout_uri?: string
  backchannel_logout_session_required?: boolean
  /** Told by the person's browser: Front-Channel Logout §2. */
  frontchannel_logout_uri?: string
  frontchannel_logout_session_required?: boolean
  require_auth_time: boolean
  initiate_login_uri?: string
  require_pushed_authorization_requests: boolean
  /** RFC 9101 §10.5 */
  require_signed_request_object?: boolean
  /** RFC 9101 §10.5 and OpenID Connect Dynamic Client Registration §2 – any of ours when it is absent. */
  request_object_signing_alg?: string
  /** RFC 9101 §5.2 and OpenID Connect Dynamic Client Registration §2 – see authorization/request_reference.ts. */
  request_uris?: string[]
  /** RFC 9449 §5.2 – gets DPoP-bound access tokens only. */
  dpop_bound_access_tokens?: boolean
  /** RFC 8705 §3.4 – gets certificate-bound access tokens only. */
  tls_client_certificate_bound_access_tokens?: boolean
  /** RFC 8705 §2.1.2 – exactly one of these, for tls_client_auth. */
  tls_client_auth_subject_dn?: string
  tls_client_auth_san_dns?: string
  tls_client_auth_san_uri?: string
  tls_client_auth_san_ip?: string
  tls_client_auth_san_email?: string
  /** JARM §3; ES256 when it is absent. */
  authorization_signed_response_alg?: string
  /** OpenID Connect Core §5.3.2; JSON that nobody signed when it is absent. */
  userinfo_signed_response_alg?: string
  /** RFC 9701 §6; RS256 when it is absent and the profile allows it. */
  introspection_signed_response_alg?: string
  /** Each with its `_enc`, and neither without the other: see response_encryption.ts. */
  id_token_encrypted_response_alg?: EncryptionAlg
  id_token_encrypted_response_enc?: EncryptionEnc
  userinfo_encrypted_response_alg?: EncryptionAlg
  userinfo_encrypted_response_enc?: EncryptionEnc
  introspection_encrypted_response_alg?: EncryptionAlg
  introspection_encrypted_response_enc?: EncryptionEnc
  authorization_encrypted_response_alg?: EncryptionAlg
  authorization_encrypted_response_enc?: EncryptionEnc
  /** OAuth 2.1 §7.5.2 – only a confidential client may do without. */
  require_pkce: boolean
  consent: 'required' | 'skip'
  /** See profile.ts. */
  profile: Profile
  access_token_ttl_secs?: number
  /** Instead of the limits of its realm and of the configuration; an administrator's to give, never a client's own. */
  rate_limit?: { requests_per_second: number; burst_size?: number }
  /** Accepts the token endpoint's URL as audience of a client assertion, as RFC 7523 §3 once did; every use is logged. */
  allow_token_endpoint_audience: boolean
}

export type Client = {
  realmId: string
  clientId: string
  /** SHA-256 of the secret; undefined for clients without one. */
  secretHash: string | undefined
  enabled: boolean
  metadata: ClientMetadata
  createdAt: number
  updatedAt: number
}

/** RFC 6749 §2.1 – a client that can keep a credential. */
export const isConfidential = (client: Client): boolean => client.metadata.token_endpoint_auth_method !== 'none'
