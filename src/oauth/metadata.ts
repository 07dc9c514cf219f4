/** RFC 8414 §2 and OpenID Connect Discovery §3 – what a realm tells clients about itself: what works, and nothing else. */
import { CLAIMS_SUPPORTED } from './claims.ts'
import { CODE_CHALLENGE_METHODS } from './pkce.ts'
import { PROMPTS } from './prompt.ts'
import { RESPONSE_MODES, RESPONSE_TYPES } from './response_mode.ts'
import { isScopeToken, STANDARD_SCOPES } from './scopes.ts'
import { SIGNING_ALGS } from './signing_algs.ts'

export type Capabilities = {
  issuer: string
  /** Paths of the URL table below the issuer. */
  paths: ReadonlySet<string>
  grantTypes: readonly string[]
  authMethods: readonly string[]
  /** Of the realm, beside the standard ones. */
  scopes: readonly string[]
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

/** RFC 8414 §2 – the algorithms belong to methods that sign. */
const authMethodsFor = (endpoint: string, methods: readonly string[]): Record<string, readonly string[]> => ({
  [`${endpoint}_auth_methods_supported`]: methods,
  ...(methods.includes('private_key_jwt') ? { [`${endpoint}_auth_signing_alg_values_supported`]: SIGNING_ALGS } : {}),
})

/** RFC 7662 §2.1 – only a client that can prove itself may ask about tokens. */
const confidential = (methods: readonly string[]): readonly string[] => methods.filter((method) => method !== 'none')

export const buildMetadata = (capabilities: Capabilities): Record<string, unknown> => {
  const { issuer, grantTypes, authMethods, scopes } = capabilities
  return {
    issuer,
    ...endpointsOf(capabilities),
    scopes_supported: [...new Set([...STANDARD_SCOPES, ...scopes.filter(isScopeToken)])],
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: grantTypes,
    prompt_values_supported: PROMPTS,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: SIGNING_ALGS,
    ...authMethodsFor('token_endpoint', authMethods),
    ...authMethodsFor('introspection_endpoint', confidential(authMethods)),
    ...authMethodsFor('revocation_endpoint', authMethods),
    code_challenge_methods_supported: CODE_CHALLENGE_METHODS,
    claim_types_supported: ['normal'],
    claims_supported: CLAIMS_SUPPORTED,
    claims_parameter_supported: false,
    // OpenID Connect Discovery §3 – true when it is absent, so it is said.
    request_uri_parameter_supported: false,
    request_parameter_supported: false,
    require_pushed_authorization_requests: false,
    // RFC 9207 §3
    authorization_response_iss_parameter_supported: true,
  }
}
