/** FAPI 2.0 Security Profile and FAPI 2.0 Message Signing – what a client has to be, beyond OAuth 2.1. */
import type { ClientMetadata } from './client_metadata.ts'
import type { MacAlg } from './mac_algs.ts'
import type { RealmSettings } from './realm_settings.ts'
import type { SigningAlg } from './signing_algs.ts'

/** From the weakest to the strongest: each keeps the rules of those before it. */
export const PROFILES = ['oauth2_1', 'fapi2_security', 'fapi2_message_signing'] as const
export type Profile = (typeof PROFILES)[number]

type Rule = {
  since: Profile
  member: keyof ClientMetadata
  isKept(metadata: ClientMetadata): boolean
  problem: string
}

const AUTH_METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']

/** FAPI 2.0 §5.3.2.1 */
export const allowsAuthMethod = (profile: Profile, method: string): boolean =>
  profile === 'oauth2_1' || AUTH_METHODS.includes(method)

const isForUsers = ({ grant_types }: ClientMetadata): boolean => grant_types.includes('authorization_code')

/** FAPI 2.0 §5.4.1 – RS256 is the only algorithm of ours that the profile leaves out. */
const notRs256 = (member: keyof ClientMetadata): Rule => ({
  since: 'fapi2_security',
  member,
  isKept: (metadata) => metadata[member] !== 'RS256',
  problem: 'must be ES256, PS256 or EdDSA for this profile',
})

const RULES: readonly Rule[] = [
  // FAPI 2.0 §5.3.2.1 – confidential clients, that prove themselves by a key.
  {
    since: 'fapi2_security',
    member: 'token_endpoint_auth_method',
    isKept: ({ token_endpoint_auth_method: method }) => allowsAuthMethod('fapi2_security', method),
    problem: 'must be private_key_jwt, tls_client_auth or self_signed_tls_client_auth for this profile',
  },
  // FAPI 2.0 §5.3.2.1 – the issuer alone is the audience of an assertion.
  {
    since: 'fapi2_security',
    member: 'allow_token_endpoint_audience',
    isKept: (metadata) => !metadata.allow_token_endpoint_audience,
    problem: 'must be false for this profile',
  },
  // FAPI 2.0 §5.3.2.1 – sender-constrained access tokens only.
  {
    since: 'fapi2_security',
    member: 'dpop_bound_access_tokens',
    isKept: (metadata) =>
      metadata.dpop_bound_access_tokens === true || metadata.tls_client_certificate_bound_access_tokens === true,
    problem: 'or tls_client_certificate_bound_access_tokens must be true for this profile',
  },
  // FAPI 2.0 §5.3.2.2
  {
    since: 'fapi2_security',
    member: 'require_pushed_authorization_requests',
    isKept: (metadata) => metadata.require_pushed_authorization_requests || !isForUsers(metadata),
    problem: 'must be true for this profile',
  },
  // FAPI 2.0 §5.3.2.2
  {
    since: 'fapi2_security',
    member: 'require_pkce',
    isKept: (metadata) => metadata.require_pkce,
    problem: 'must be true for this profile',
  },
  notRs256('id_token_signed_response_alg'),
  notRs256('token_endpoint_auth_signing_alg'),
  notRs256('request_object_signing_alg'),
  notRs256('authorization_signed_response_alg'),
  notRs256('userinfo_signed_response_alg'),
  notRs256('introspection_signed_response_alg'),
  // FAPI 2.0 Message Signing §5.3.1
  {
    since: 'fapi2_message_signing',
    member: 'require_signed_request_object',
    isKept: (metadata) => metadata.require_signed_request_object === true || !isForUsers(metadata),
    problem: 'must be true for this profile',
  },
]

/** FAPI 2.0 §5.3.2.2 – requests are pushed, and fetched from nowhere. */
export const allowsRequestUris = (profile: Profile): boolean => profile === 'oauth2_1'

const rankOf = (profile: Profile): number => PROFILES.indexOf(profile)

/** The stronger one of the realm's and the client's own. */
export const profileOf = (settings: Pick<RealmSettings, 'profile'>, { profile }: ClientMetadata): Profile => {
  const { profile: ofRealm = 'oauth2_1' } = settings
  return rankOf(ofRealm) > rankOf(profile) ? ofRealm : profile
}

/** The first rule that is broken: the member, and what it must be. */
export const profileProblem = (
  profile: Profile,
  metadata: ClientMetadata,
): [keyof ClientMetadata, string] | undefined => {
  const broken = RULES.find(({ since, isKept }) => rankOf(since) <= rankOf(profile) && !isKept(metadata))
  return broken && [broken.member, broken.problem]
}

/** FAPI 2.0 §5.4.1 – of whatever the client signs. */
export const allowsAlg = (profile: Profile, alg: SigningAlg | MacAlg): boolean =>
  profile === 'oauth2_1' || (alg !== 'RS256' && alg !== 'HS256')
