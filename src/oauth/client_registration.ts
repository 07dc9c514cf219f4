/**
 * RFC 7591 §2 and OpenID Connect Dynamic Client Registration 1.0 §2 – what the administration API takes of a client: every
 * member checked, the whole consistent, and a safe value for everything that is left out.
 */
import { z } from 'zod'
import { clientAttesters } from './attester_registration.ts'
import { detailsTypeName } from './authorization_details_registration.ts'
import { isPossibleSubject, SUBJECT_MEMBERS, type SubjectMember } from './certificate_subject.ts'
import {
  type ClientMetadata,
  GRANT_TYPES,
  TOKEN_ENDPOINT_AUTH_METHODS,
  type TokenEndpointAuthMethod,
} from './client_metadata.ts'
import { isStrongMacKey, isStrongSecret } from './client_secret_strength.ts'
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS } from './encryption_algs.ts'
import { logoutUriProblems } from './logout_uris.ts'
import { MAC_ALGS, toMacAlg } from './mac_algs.ts'
import { complain, jwks, list, text, webUri } from './member_shapes.ts'
import { PROFILES, profileProblem } from './profile.ts'
import { checkRegisteredRedirectUri } from './redirect_uri.ts'
import { requestUriProblem } from './request_uris.ts'
import { encryptionProblem } from './response_encryption.ts'
import { isScopeToken } from './scopes.ts'
import { sectorProblem } from './sector.ts'

const MAX_SCOPES = 64
const MAX_URIS = 50
const MAX_TTL_SECONDS = 86_400

const SIGNING_ALG = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

const scopesOf = (scope: string): string[] => scope.split(' ').filter((token) => token !== '')

const scope = z
  .string()
  .max(2_048, 'must have at most 2048 characters')
  .refine(
    (value) => scopesOf(value).every(isScopeToken),
    'must be scope tokens of RFC 6749 section 3.3, with spaces between',
  )
  .refine((value) => scopesOf(value).length <= MAX_SCOPES, 'must name at most 64 scopes')

/** RFC 8705 §2.1.2 */
const subject = (member: SubjectMember) =>
  text(512)
    .refine((value) => isPossibleSubject(member, value), 'is nothing that a certificate can have')
    .optional()

const rate = () => z.int().min(1, 'must be at least 1').max(1_000_000, 'must be at most 1000000')

/** Ten minutes to fill, as in the configuration. */
const rateLimit = z
  .strictObject({ requests_per_second: rate(), burst_size: rate().optional() })
  .refine(
    ({ requests_per_second: perSecond, burst_size: burst = 1 }) => burst <= perSecond * 600,
    'must have a burst_size of at most 600 times requests_per_second',
  )

const metadata = {
  client_name: text(128).optional(),
  client_uri: webUri().optional(),
  logo_uri: webUri().optional(),
  policy_uri: webUri().optional(),
  tos_uri: webUri().optional(),
  contacts: list(text(254), 10).optional(),
  application_type: z.enum(['web', 'native']).default('web'),
  redirect_uris: list(z.string(), MAX_URIS).default([]),
  post_logout_redirect_uris: list(z.string(), MAX_URIS).default([]),
  grant_types: list(z.enum(GRANT_TYPES), GRANT_TYPES.length).default(['authorization_code']),
  response_types: list(z.literal('code'), 1).optional(),
  scope: scope.optional(),
  authorization_details_types: list(detailsTypeName(), 50).optional(),
  token_endpoint_auth_method: z.enum(TOKEN_ENDPOINT_AUTH_METHODS).default('client_secret_basic'),
  token_endpoint_auth_signing_alg: z.enum([...SIGNING_ALG, ...MAC_ALGS]).optional(),
  jwks: jwks.optional(),
  jwks_uri: webUri().optional(),
  client_attesters: clientAttesters.optional(),
  id_token_signed_response_alg: z.enum(SIGNING_ALG).default('RS256'),
  subject_type: z.enum(['public', 'pairwise']).default('public'),
  sector_identifier_uri: webUri().optional(),
  default_max_age: z.int().min(0, 'must be at least 0').max(315_360_000, 'must be at most ten years').optional(),
  backchannel_logout_uri: z.string().optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  frontchannel_logout_uri: z.string().optional(),
  frontchannel_logout_session_required: z.boolean().optional(),
  require_auth_time: z.boolean().default(false),
  initiate_login_uri: webUri().optional(),
  require_pushed_authorization_requests: z.boolean().default(false),
  require_signed_request_object: z.boolean().default(false),
  request_object_signing_alg: z.enum(SIGNING_ALG).optional(),
  request_uris: list(webUri(), MAX_URIS).optional(),
  authorization_signed_response_alg: z.enum(SIGNING_ALG).default('ES256'),
  userinfo_signed_response_alg: z.enum(SIGNING_ALG).optional(),
  id_token_encrypted_response_alg: z.enum(ENCRYPTION_ALGS).optional(),
  id_token_encrypted_response_enc: z.enum(ENCRYPTION_ENCS).optional(),
  userinfo_encrypted_response_alg: z.enum(ENCRYPTION_ALGS).optional(),
  userinfo_encrypted_response_enc: z.enum(ENCRYPTION_ENCS).optional(),
  introspection_signed_response_alg: z.enum(SIGNING_ALG).optional(),
  introspection_encrypted_response_alg: z.enum(ENCRYPTION_ALGS).optional(),
  introspection_encrypted_response_enc: z.enum(ENCRYPTION_ENCS).optional(),
  authorization_encrypted_response_alg: z.enum(ENCRYPTION_ALGS).optional(),
  authorization_encrypted_response_enc: z.enum(ENCRYPTION_ENCS).optional(),
  dpop_bound_access_tokens: z.boolean().default(false),
  tls_client_certificate_bound_access_tokens: z.boolean().default(false),
  tls_client_auth_subject_dn: subject('tls_client_auth_subject_dn'),
  tls_client_auth_san_dns: subject('tls_client_auth_san_dns'),
  tls_client_auth_san_uri: subject('tls_client_auth_san_uri'),
  tls_client_auth_san_ip: subject('tls_client_auth_san_ip'),
  tls_client_auth_san_email: subject('tls_client_auth_san_email'),
  require_pkce: z.boolean().default(true),
  consent: z.enum(['required', 'skip']).default('required'),
  profile: z.enum(PROFILES).default('oauth2_1'),
  access_token_ttl_secs: z
    .int()
    .min(1, 'must be at least 1')
    .max(MAX_TTL_SECONDS, `must be at most ${MAX_TTL_SECONDS}`)
    .optional(),
  rate_limit: rateLimit.optional(),
  allow_token_endpoint_audience: z.boolean().default(false),
}

type Given = z.output<z.ZodObject<typeof metadata>>

/** RFC 7591 §2.1 – the response types follow from the grant types; a client without users has no scopes about them. */
const withDefaults = (given: Given): ClientMetadata => {
  const isForUsers = given.grant_types.includes('authorization_code')
  const scopes = given.scope ?? (isForUsers ? 'openid profile email' : '')
  const whole = {
    ...given,
    response_types: given.response_types ?? (isForUsers ? ['code'] : []),
    scope: [...new Set(scopesOf(scopes))].join(' '),
  }
  // What is undefined would not survive the way through the database either.
  return JSON.parse(JSON.stringify(whole)) as ClientMetadata
}

type Check = (client: ClientMetadata) => [keyof ClientMetadata, string] | undefined

const subjectsOf = (client: ClientMetadata) => SUBJECT_MEMBERS.filter((member) => client[member] !== undefined)

const usesAssertion = (client: ClientMetadata): boolean => client.token_endpoint_auth_method === 'private_key_jwt'

const isAlgOfMethod = (client: ClientMetadata): boolean => {
  const isMac = toMacAlg(client.token_endpoint_auth_signing_alg) !== undefined
  return client.token_endpoint_auth_method === (isMac ? 'client_secret_jwt' : 'private_key_jwt')
}

/** One rule, one line: the first that is broken is told. */
const CHECKS: readonly Check[] = [
  // RFC 7591 §2 – at least one of the two places, and never both.
  (client) => (client.jwks && client.jwks_uri ? ['jwks_uri', 'must not be given together with jwks'] : undefined),
  (client) =>
    usesAssertion(client) && !client.jwks && !client.jwks_uri
      ? ['jwks', 'is needed for private_key_jwt, or jwks_uri']
      : undefined,
  // RFC 8725 §3.1 – a key and a secret are never used with the algorithms of the other.
  (client) =>
    client.token_endpoint_auth_signing_alg !== undefined && !isAlgOfMethod(client)
      ? ['token_endpoint_auth_signing_alg', 'is for private_key_jwt, and HS256 for client_secret_jwt']
      : undefined,
  (client) =>
    client.client_attesters !== undefined && client.token_endpoint_auth_method !== 'attest_jwt_client_auth'
      ? ['client_attesters', 'is for attest_jwt_client_auth']
      : undefined,
  // RFC 9101 §6.2 – without keys no object could ever be verified.
  (client) =>
    client.require_signed_request_object && !client.jwks && !client.jwks_uri
      ? ['jwks', 'is needed for require_signed_request_object, or jwks_uri']
      : undefined,
  (client) =>
    client.request_uris && !client.jwks && !client.jwks_uri
      ? ['jwks', 'is needed for request_uris, or jwks_uri']
      : undefined,
  // RFC 8705 §2.1.2 – exactly one.
  (client) =>
    subjectsOf(client).length !== (client.token_endpoint_auth_method === 'tls_client_auth' ? 1 : 0)
      ? [
          subjectsOf(client)[0] ?? 'tls_client_auth_subject_dn',
          'or one other tls_client_auth_ member is for tls_client_auth',
        ]
      : undefined,
  // RFC 8705 §2.2.2
  (client) =>
    client.token_endpoint_auth_method === 'self_signed_tls_client_auth' && !client.jwks && !client.jwks_uri
      ? ['jwks', 'is needed for self_signed_tls_client_auth, or jwks_uri']
      : undefined,
  (client) => (client.grant_types.length === 0 ? ['grant_types', 'must name at least one'] : undefined),
  // RFC 6749 §4.4 – only confidential clients.
  (client) =>
    client.token_endpoint_auth_method === 'none' && client.grant_types.includes('client_credentials')
      ? ['grant_types', 'must not contain client_credentials for a public client']
      : undefined,
  (client) =>
    client.grant_types.includes('refresh_token') && !client.grant_types.includes('authorization_code')
      ? ['grant_types', 'must contain authorization_code where they contain refresh_token']
      : undefined,
  // OAuth 2.1 §7.5.2 – a public client has nothing else that binds the code to it.
  (client) =>
    client.token_endpoint_auth_method === 'none' && !client.require_pkce
      ? ['require_pkce', 'must be true for a public client']
      : undefined,
  // RFC 7591 §2.1
  (client) =>
    client.grant_types.includes('authorization_code') !== client.response_types.includes('code')
      ? ['response_types', 'must be code exactly where the grant types contain authorization_code']
      : undefined,
  // RFC 7591 §2 – clients that use redirects must register where to.
  (client) =>
    client.grant_types.includes('authorization_code') && client.redirect_uris.length === 0
      ? ['redirect_uris', 'must name at least one for authorization_code']
      : undefined,
  encryptionProblem,
  sectorProblem,
  (client) => profileProblem(client.profile, client),
]

const checkUris = (client: ClientMetadata, context: z.RefinementCtx): void => {
  for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const)
    for (const [index, uri] of client[member].entries())
      complain(context, [member, index], checkRegisteredRedirectUri(uri, client.application_type))
  for (const [index, uri] of (client.request_uris ?? []).entries())
    complain(context, ['request_uris', index], requestUriProblem(uri))
  for (const { member, problem } of logoutUriProblems(client)) complain(context, [member], problem)
}

const checkWhole = (client: ClientMetadata, context: z.RefinementCtx): void => {
  checkUris(client, context)
  const broken = CHECKS.map((check) => check(client)).find((problem) => problem !== undefined)
  if (broken) complain(context, [broken[0]], broken[1])
}

/** RFC 6749 §2.3.1 – unreserved characters only: they are the same whether or not a client encodes them. */
const clientId = z
  .string()
  .regex(/^[A-Za-z0-9._~-]{1,255}$/, 'must be 1 to 255 letters, digits, ., _, ~ or -')
  .refine((id) => id !== '.' && id !== '..', 'must not be a dot segment')

/** Methods whose clients hold a secret that this server made. */
export const hasSecret = (method: TokenEndpointAuthMethod): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post' || method === 'client_secret_jwt'

/** `client_secret`: one that is moved in from elsewhere. */
export const clientCreationSchema = z
  .strictObject({
    client_id: clientId.optional(),
    client_secret: z.string().optional(),
    enabled: z.boolean().optional(),
    ...metadata,
  })
  .transform(({ client_id, client_secret, enabled, ...given }) => ({
    clientId: client_id,
    clientSecret: client_secret,
    enabled,
    metadata: withDefaults(given),
  }))
  .superRefine((client, context) => {
    checkWhole(client.metadata, context)
    if (client.clientSecret === undefined) return
    if (!hasSecret(client.metadata.token_endpoint_auth_method))
      complain(context, ['client_secret'], 'is for clients that authenticate with one')
    else if (!isStrongSecret(client.clientSecret))
      complain(context, ['client_secret'], 'must have at least 32 characters that nobody could guess')
    else if (client.metadata.token_endpoint_auth_method === 'client_secret_jwt' && !isStrongMacKey(client.clientSecret))
      complain(context, ['client_secret'], 'must have at least 43 characters for client_secret_jwt')
  })

/** The path says which client, whatever the body says. `enabled` is as it was when it is left out. */
export const clientUpdateSchema = z
  .strictObject({ client_id: z.string().optional(), enabled: z.boolean().optional(), ...metadata })
  .transform(({ client_id: _id, enabled, ...given }) => ({ enabled, metadata: withDefaults(given) }))
  .superRefine((client, context) => checkWhole(client.metadata, context))
