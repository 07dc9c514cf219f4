/** RFC 8414 §2 – the discovery document, by the schema that the conformance suite holds it to. */

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isText) && new Set(value).size === value.length
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const isHttps = (value: unknown): boolean => {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url?.protocol === 'https:' && url.hash === ''
}

const isAddresses = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([name, url]) => name.endsWith('_endpoint') && isHttps(url))

const algsOf = (what: string): string[] =>
  ['encryption_alg', 'encryption_enc', 'signing_alg'].map((kind) => `${what}_${kind}_values_supported`)

const ENDPOINTS = [
  'authorization_challenge',
  'authorization',
  'backchannel_authentication',
  'challenge',
  'device_authorization',
  'end_session',
  'federation_registration',
  'global_token_revocation',
  'introspection',
  'pushed_authorization_request',
  'registration',
  'revocation',
  'status_list_aggregation',
  'token',
  'userinfo',
].map((name) => `${name}_endpoint`)

const ADDRESSES = [
  ...ENDPOINTS,
  'check_session_iframe',
  'information_uri',
  'jwks_uri',
  'logo_uri',
  'op_policy_uri',
  'op_tos_uri',
  'organization_uri',
  'service_documentation',
  'signed_jwks_uri',
]

const LISTS = [
  ...['authorization', 'id_token', 'introspection', 'request_object', 'userinfo'].flatMap(algsOf),
  ...['global_token_revocation', 'introspection', 'revocation', 'token'].map(
    (of) => `${of}_endpoint_auth_methods_supported`,
  ),
  ...['introspection', 'revocation', 'token'].map((of) => `${of}_endpoint_auth_signing_alg_values_supported`),
  'acr_values_supported',
  'authorization_details_types_supported',
  'backchannel_authentication_request_signing_alg_values_supported',
  'backchannel_token_delivery_modes_supported',
  'claim_types_supported',
  'claims_locales_supported',
  'claims_supported',
  'client_attestation_pop_signing_alg_values_supported',
  'client_attestation_signing_alg_values_supported',
  'client_registration_types_supported',
  'code_challenge_methods_supported',
  'contacts',
  'display_values_supported',
  'dpop_signing_alg_values_supported',
  'grant_management_actions_supported',
  'grant_types_supported',
  'prompt_values_supported',
  'protected_resources',
  'request_authentication_signing_alg_values_supported',
  'response_modes_supported',
  'response_types_supported',
  'scopes_supported',
  'subject_types_supported',
  'ui_locales_supported',
]

const BOOLEANS = [
  'authorization_response_iss_parameter_supported',
  'backchannel_logout_session_supported',
  'backchannel_logout_supported',
  'backchannel_user_code_parameter_supported',
  'claims_parameter_supported',
  'client_id_metadata_document_supported',
  'frontchannel_logout_session_supported',
  'frontchannel_logout_supported',
  'grant_management_action_required',
  'pre-authorized_grant_anonymous_access_supported',
  'request_parameter_supported',
  'request_uri_parameter_supported',
  'require_pushed_authorization_requests',
  'require_request_uri_registration',
  'require_signed_request_object',
  'tls_client_certificate_bound_access_tokens',
]

/** Every other name is one that the suite warns of. */
const MEMBERS = new Map<string, (value: unknown) => boolean>([
  ['issuer', (value) => isHttps(value) && !/[?#@]/.test(String(value))],
  ['mtls_endpoint_aliases', isAddresses],
  ['display_name', isText],
  ['organization_name', isText],
  ['signed_metadata', isText],
  ...ADDRESSES.map((name) => [name, isHttps] as const),
  ...LISTS.map((name) => [name, isList] as const),
  ...BOOLEANS.map((name) => [name, isBoolean] as const),
])

const isCanonicalTag = (tag: string): boolean => Intl.getCanonicalLocales(tag)[0] === tag

const listIn = (metadata: Record<string, unknown>, name: string): string[] => (metadata[name] ?? []) as string[]

/** Members that the suite knows nothing of, and those of another shape than it expects. */
export const discoveryProblems = (metadata: Record<string, unknown>): string[] => {
  const ofMembers = Object.entries(metadata).flatMap(([name, value]) => {
    const isRight = MEMBERS.get(name)
    if (!isRight) return [`${name} is not known`]
    return isRight(value) ? [] : [`${name} is of another shape`]
  })
  const ofScopes = listIn(metadata, 'scopes_supported').filter((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
  const ofLocales = ['ui_locales_supported', 'claims_locales_supported'].flatMap((name) =>
    listIn(metadata, name).filter((tag) => !isCanonicalTag(tag)),
  )
  return [...ofMembers, ...ofScopes, ...ofLocales]
}
