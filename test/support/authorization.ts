/** Clients, realms and requests as the authorization room sees them, complete but for what a test is about. */
import type { AuthorizationRequest } from '../../src/oauth/authorization_request.ts'
import type { Client, ClientMetadata } from '../../src/oauth/client_metadata.ts'
import type { RealmSettings } from '../../src/oauth/realm_settings.ts'
import type { Realm } from '../../src/storage/realm_directory.ts'
import type { RealmStore } from '../../src/storage/store.ts'

export const REDIRECT_URI = 'https://app.example/cb'

/** RFC 7636 Appendix B */
export const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

export const metadataWith = (changes: Partial<ClientMetadata> = {}): ClientMetadata => ({
  application_type: 'web',
  redirect_uris: [REDIRECT_URI],
  post_logout_redirect_uris: ['https://app.example/signed-out'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  scope: 'openid profile email offline_access',
  token_endpoint_auth_method: 'client_secret_basic',
  id_token_signed_response_alg: 'RS256',
  subject_type: 'public',
  require_auth_time: false,
  require_pushed_authorization_requests: false,
  require_pkce: true,
  consent: 'required',
  profile: 'oauth2_1',
  allow_token_endpoint_audience: false,
  ...changes,
})

export const clientWith = (changes: Partial<ClientMetadata> = {}, client: Partial<Client> = {}): Client => ({
  realmId: 'main',
  clientId: 'app',
  secretHash: undefined,
  enabled: true,
  metadata: metadataWith(changes),
  createdAt: 0,
  updatedAt: 0,
  ...client,
})

export const settingsWith = (changes: Partial<RealmSettings> = {}): RealmSettings => ({
  auth_params: { username_password_params: { allow_expired_passwords: false } },
  session_max_age_seconds: 28_800,
  session_max_stale_age_seconds: 3_600,
  scopes: [],
  ...changes,
})

/** A realm that knows these clients; `store` for what is asked of the store beside them. */
export const realmWith = (
  clients: Client[],
  { store, settings }: { store?: RealmStore; settings?: RealmSettings } = {},
): Realm => ({
  id: 'main',
  settings: settings ?? settingsWith(),
  issuer: 'https://sso.example',
  store: store as RealmStore,
  findClient: async (clientId) => clients.find((client) => client.clientId === clientId),
})

export const requestWith = (changes: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  client: clientWith(),
  redirectUri: REDIRECT_URI,
  redirectUriGiven: true,
  responseMode: 'query',
  state: undefined,
  scopes: ['openid', 'profile'],
  nonce: undefined,
  codeChallenge: CODE_CHALLENGE,
  prompts: [],
  maxAge: undefined,
  hintedSubject: undefined,
  loginHint: undefined,
  ...changes,
})
