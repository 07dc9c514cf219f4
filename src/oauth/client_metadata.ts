/** RFC 7591 §2 and OpenID Connect Dynamic Client Registration 1.0 §2 – what is known of a client. Wire names, as they are. */

export const TOKEN_ENDPOINT_AUTH_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const
export type TokenEndpointAuthMethod = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number]

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const
export type GrantType = (typeof GRANT_TYPES)[number]

export type ClientProfile = 'oauth2_1'

export type PublicJwk = { kty: string; kid?: string; alg?: string; use?: string; [member: string]: unknown }

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
  token_endpoint_auth_method: TokenEndpointAuthMethod
  token_endpoint_auth_signing_alg?: string
  jwks?: { keys: PublicJwk[] }
  jwks_uri?: string
  id_token_signed_response_alg: string
  subject_type: 'public'
  default_max_age?: number
  require_auth_time: boolean
  initiate_login_uri?: string
  require_pushed_authorization_requests: boolean
  /** OAuth 2.1 §7.5.2 – only a confidential client may do without. */
  require_pkce: boolean
  consent: 'required' | 'skip'
  profile: ClientProfile
  access_token_ttl_secs?: number
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
