/** RFC 8414 §2 and OpenID Connect Discovery §3 – what a realm tells clients about itself: what works, and nothing else. */
import { CLAIMS_SUPPORTED } from './claims.ts'
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS } from './encryption_algs.ts'
import { MAC_ALGS } from './mac_algs.ts'
import { CODE_CHALLENGE_METHODS } from './pkce.ts'
import { allowsAlg, allowsAuthMethod, allowsRequestUris, type Profile } from './profile.ts'
import { PROMPTS } from './prompt.ts'
import { ENCRYPTED_RESPONSES } from './response_encryption.ts'
import { RESPONSE_MODES, RESPONSE_TYPES } from './response_mode.ts'
import { isScopeToken, STANDARD_SCOPES } from './scopes.ts'
import { SIGNING_ALGS } from './signing_algs.ts'

export type Capabilities = {
  issuer: string
  /** Paths of the URL table below the issuer. */
  paths: ReadonlySet<string>
  grantTypes: readonly string[]
  authMethods: readonly string[]
  /** The issuer at the port that asks for client certificates; undefined when the main port does, or none. */
  certificateIssuer?: string | undefined
  /** Whether any port asks for client certificates. */
  takesCertificates?: boolean
  /** Whether this server can keep a client's secret so that it can be read again. */
  sealsSecrets?: boolean
  /** Of realms, for DPoP proofs. */
  dpopSigningAlgs?: readonly string[]
  /** Of the realm: what its rules leave out is not named. */
  profile?: Profile | undefined
  /** OpenID Connect Core §2 – of the realm; absent or empty when it gives them no names. */
  acrValues?: readonly string[]
  /** Of the realm, beside the standard ones. */
  scopes: readonly string[]
  /** RFC 9396 §10 – of the realm. */
  authorizationDetailsTypes?: readonly string[]
  /** RFC 8707 – identifiers of the registered ones. */
  resources?: readonly string[]
}

/** Named in the document when the URL table has them. */
const ENDPOINTS = {
  authorization_endpoint: '/authorize',
  token_endpoint: '/token',
  userinfo_endpoint: '/userinfo',
  jwks_uri: '/jwks.json',
  pushed_authorization_request_endpoint: '/par',
  introspection_endpoint: '/introspect',
  revocation_endpoint: '/revoke',
  end_session_endpoint: '/logout',
} as const

const endpointsOf = ({ issuer, paths }: Capabilities): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ENDPOINTS)
      .filter(([, path]) => paths.has(path))
      .map(([name, path]) => [name, `${issuer}${path}`]),
  )

/** RFC 8705 §5 – where clients show a certificate; nothing that a browser goes to. */
const ALIASED = [
  'token_endpoint',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
]

/** RFC 8705 §3.3 and §5 – and nothing of it where no port asks for certificates. */
const mutualTls = (capabilities: Capabilities): Record<string, unknown> => {
  const { takesCertificates, certificateIssuer } = capabilities
  if (!takesCertificates) return {}
  const aliases = Object.entries(endpointsOf({ ...capabilities, issuer: certificateIssuer ?? capabilities.issuer }))
  return {
    tls_client_certificate_bound_access_tokens: true,
    ...(certificateIssuer === undefined
      ? {}
      : { mtls_endpoint_aliases: Object.fromEntries(aliases.filter(([name]) => ALIASED.includes(name))) }),
  }
}

const CERTIFICATE_METHODS = ['tls_client_auth', 'self_signed_tls_client_auth']

const offered = ({
  authMethods,
  takesCertificates,
  sealsSecrets,
  profile = 'oauth2_1',
}: Capabilities): readonly string[] =>
  authMethods
    .filter((method) => takesCertificates || !CERTIFICATE_METHODS.includes(method))
    .filter((method) => sealsSecrets || method !== 'client_secret_jwt')
    .filter((method) => allowsAuthMethod(profile, method))

/** RFC 8414 §2 – the algorithms belong to methods that sign. */
const authMethodsFor = (
  endpoint: string,
  methods: readonly string[],
  signingAlgs: readonly string[],
): Record<string, readonly string[]> => {
  const algs = [
    ...(methods.includes('private_key_jwt') ? signingAlgs : []),
    ...(methods.includes('client_secret_jwt') ? MAC_ALGS : []),
  ]
  return {
    [`${endpoint}_auth_methods_supported`]: methods,
    ...(algs.length > 0 ? { [`${endpoint}_auth_signing_alg_values_supported`]: algs } : {}),
  }
}

/** Attestation-Based Client Authentication §8 */
const attestation = (methods: readonly string[], algs: readonly string[]): Record<string, readonly string[]> =>
  methods.includes('attest_jwt_client_auth')
    ? {
        client_attestation_signing_alg_values_supported: algs,
        client_attestation_pop_signing_alg_values_supported: algs,
      }
    : {}

/** RFC 7662 §2.1 – only a client that can prove itself may ask about tokens. */
const confidential = (methods: readonly string[]): readonly string[] => methods.filter((method) => method !== 'none')

/** Back-Channel Logout §2.1 and Front-Channel Logout §3 – clients are told, with the `sid` of their ID tokens. */
const LOGOUT = {
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  frontchannel_logout_supported: true,
  frontchannel_logout_session_supported: true,
} as const

/** OpenID Connect Discovery §3, JARM §4 and RFC 9701 §7 */
const ENCRYPTION = Object.fromEntries(
  ENCRYPTED_RESPONSES.flatMap((response) => [
    [`${response}_encryption_alg_values_supported`, ENCRYPTION_ALGS],
    [`${response}_encryption_enc_values_supported`, ENCRYPTION_ENCS],
  ]),
)

export const buildMetadata = (capabilities: Capabilities): Record<string, unknown> => {
  const { issuer, grantTypes, scopes, acrValues = [], authorizationDetailsTypes = [], resources = [] } = capabilities
  const { profile = 'oauth2_1' } = capabilities
  const algs = SIGNING_ALGS.filter((alg) => allowsAlg(profile, alg))
  const authMethods = offered(capabilities)
  return {
    issuer,
    ...endpointsOf(capabilities),
    scopes_supported: [...new Set([...STANDARD_SCOPES, ...scopes.filter(isScopeToken)])],
    ...(authorizationDetailsTypes.length > 0
      ? { authorization_details_types_supported: authorizationDetailsTypes }
      : {}),
    // RFC 9728 §4
    ...(resources.length > 0 ? { protected_resources: resources } : {}),
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: RESPONSE_MODES,
    authorization_signing_alg_values_supported: algs,
    grant_types_supported: grantTypes,
    prompt_values_supported: PROMPTS,
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: algs,
    userinfo_signing_alg_values_supported: algs,
    // RFC 9701 §7
    introspection_signing_alg_values_supported: algs,
    ...ENCRYPTION,
    ...authMethodsFor('token_endpoint', authMethods, algs),
    ...authMethodsFor('introspection_endpoint', confidential(authMethods), algs),
    ...authMethodsFor('revocation_endpoint', authMethods, algs),
    ...attestation(authMethods, algs),
    code_challenge_methods_supported: CODE_CHALLENGE_METHODS,
    claim_types_supported: ['normal'],
    claims_supported: [...CLAIMS_SUPPORTED, ...(acrValues.length > 0 ? ['acr'] : [])],
    claims_parameter_supported: true,
    ...(acrValues.length > 0 ? { acr_values_supported: acrValues } : {}),
    // OpenID Connect Discovery §3 – true when it is absent, so it is said.
    request_uri_parameter_supported: allowsRequestUris(profile),
    ...(allowsRequestUris(profile) ? { require_request_uri_registration: true } : {}),
    request_parameter_supported: true,
    request_object_signing_alg_values_supported: algs,
    require_pushed_authorization_requests: profile !== 'oauth2_1',
    ...(profile === 'fapi2_message_signing' ? { require_signed_request_object: true } : {}),
    // RFC 9449 §5.1
    ...(capabilities.dpopSigningAlgs && { dpop_signing_alg_values_supported: capabilities.dpopSigningAlgs }),
    ...mutualTls(capabilities),
    ...LOGOUT,
    // RFC 9207 §3
    authorization_response_iss_parameter_supported: true,
  }
}
