/** What the administration API takes of a realm: its policy, with a safe value for everything that is left out. */
import { z } from 'zod'
import { clientAttesters } from './attester_registration.ts'
import { detailsTypes } from './authorization_details_registration.ts'
import { complain, list, text, webUri } from './member_shapes.ts'
import { PROFILES } from './profile.ts'
import {
  DPOP_NONCE_POLICIES,
  isRealmId,
  type JwtIdentityProvider,
  type RealmSettings,
  UPSTREAM_AUTH_METHODS,
} from './realm_settings.ts'
import { resourceSchema } from './resource_registration.ts'
import { isScopeToken, STANDARD_SCOPES } from './scopes.ts'

const TEN_YEARS = 315_360_000

const seconds = z.int().min(1, 'must be at least 1').max(TEN_YEARS, 'must be at most ten years')

const usernamePasswordParams = z.strictObject({
  allow_expired_passwords: z.boolean().default(false),
  max_password_age_seconds: seconds.optional(),
})

/** RFC 6749 §3.1 and §3.2 – an endpoint's URI has no fragment. */
const endpointUri = () => webUri().refine((uri) => !uri.includes('#'), 'must not have a fragment')

/** RFC 6749 Appendix A – visible ASCII characters. */
const credential = (maxCharacters: number) =>
  text(maxCharacters).regex(/^[ -~]+$/, 'must consist of visible ASCII characters')

const isOpenidScope = (scope: string): boolean => {
  const tokens = scope.split(' ')
  return tokens.every(isScopeToken) && new Set(tokens).size === tokens.length && tokens.includes('openid')
}

const UPSTREAM_MEMBERS = ['client_id', 'authorization_endpoint', 'token_endpoint'] as const

const identityProviderSchema = z
  .strictObject({
    jwt_issuer_uri: webUri(),
    jwks_uri: webUri(),
    jwt_audience: text(255).optional(),
    name: text(64).optional(),
    client_id: credential(255).optional(),
    /** Never shown again; an update without it keeps it for the same client_id at the same token_endpoint. */
    client_secret: credential(512).optional(),
    authorization_endpoint: endpointUri().optional(),
    token_endpoint: endpointUri().optional(),
    token_endpoint_auth_method: z.enum(UPSTREAM_AUTH_METHODS).optional(),
    scope: z
      .string()
      .max(512, 'must have at most 512 characters')
      .refine(isOpenidScope, 'must be scope tokens, each once, and openid among them')
      .optional(),
  })
  .superRefine((idp, context) => {
    const given = UPSTREAM_MEMBERS.filter((name) => idp[name] !== undefined)
    const missing = UPSTREAM_MEMBERS.find((name) => idp[name] === undefined)
    const isClient = given.length > 0
    if (isClient && missing) complain(context, [missing], `is needed together with ${given[0]}`)
    const { client_secret: secret, token_endpoint_auth_method: method } = idp
    if (secret !== undefined && !isClient) complain(context, ['client_secret'], 'must not be given without client_id')
    if (secret !== undefined && method === 'none')
      complain(context, ['client_secret'], 'must not be given with the method none')
  })

export type IdentityProviderRegistration = z.output<typeof identityProviderSchema>

const jwtParams = z.strictObject({
  idp_params: z
    .array(identityProviderSchema)
    .min(1, 'must name at least one identity provider')
    .max(20, 'must have at most 20 items')
    .refine(
      (providers) => new Set(providers.map((provider) => provider.jwt_issuer_uri)).size === providers.length,
      'must not name an issuer twice',
    ),
  smallest_refresh_interval_seconds: seconds.default(60),
})

const totpParams = z.strictObject({
  algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
  step: z.int().min(15, 'must be at least 15').max(300, 'must be at most 300').default(30),
})

const clientCertificateParams = z.strictObject({
  subject_from: z.enum(['subject_dn', 'san_dns', 'san_email', 'x5t_s256']),
})

/** A method that is absent is off. */
const authParams = z.strictObject({
  username_password_params: usernamePasswordParams.optional(),
  jwt_params: jwtParams.optional(),
  totp_params: totpParams.optional(),
  client_certificate_params: clientCertificateParams.optional(),
})

export const scopeSchema = z.strictObject({
  name: z
    .string()
    .max(128, 'must have at most 128 characters')
    .refine(isScopeToken, 'must be a scope token of RFC 6749 section 3.3')
    .refine((name) => !STANDARD_SCOPES.includes(name), 'is a standard scope, which every realm has'),
  description: text(200).optional(),
})

/** The path says which scope, whatever the body says. */
export const scopeUpdateSchema = scopeSchema.extend({ name: z.string().optional() })

const scopes = list(scopeSchema, 200).superRefine((items, context) => {
  for (const [index, item] of items.entries()) {
    const isRepeated = items.findIndex((other) => other.name === item.name) !== index
    complain(context, [index, 'name'], isRepeated ? 'must not name a scope twice' : undefined)
  }
})

const resources = list(resourceSchema, 200).superRefine((items, context) => {
  for (const [index, item] of items.entries()) {
    const isRepeated = items.findIndex((other) => other.identifier === item.identifier) !== index
    complain(context, [index, 'identifier'], isRepeated ? 'must not name a resource twice' : undefined)
  }
})

/** OpenID Connect Core §3.1.2.1 – acr_values is a list with spaces between. */
const acr = text(128).regex(/^[!-~]+$/, 'must consist of visible ASCII characters')

const acrParams = z
  .strictObject({ one_factor: acr, two_factors: acr })
  .refine((params) => params.one_factor !== params.two_factors, 'must give two different names')

const settings = {
  auth_params: authParams.default({}),
  session_max_age_seconds: seconds.default(28_800),
  session_max_stale_age_seconds: seconds.default(3_600),
  scopes: scopes.default([]),
  resources: resources.optional(),
  authorization_details_types: detailsTypes.optional(),
  acr_params: acrParams.optional(),
  profile: z.enum(PROFILES).optional(),
  dpop_nonce: z.enum(DPOP_NONCE_POLICIES).optional(),
  client_attesters: clientAttesters.optional(),
}

export const realmCreationSchema = z.strictObject({
  id: z.string().refine(isRealmId, 'must be 1 to 64 letters, digits, _ or -'),
  ...settings,
})

/** The path says which realm, whatever the body says. */
export const realmUpdateSchema = z.strictObject({ id: z.string().optional(), ...settings })

/** What is kept of a client_secret: see authentication/upstream_secret.ts. */
export type SealSecret = (idp: IdentityProviderRegistration) => string | undefined

const toIdentityProvider = (idp: IdentityProviderRegistration, sealSecret: SealSecret) => {
  const { client_secret: _secret, ...rest } = idp
  return { ...rest, sealed_client_secret: sealSecret(idp) }
}

/** Without members that are undefined: what is stored is what JSON shows. */
export const toRealmSettings = (
  body: z.output<typeof realmUpdateSchema>,
  sealSecret: SealSecret = () => undefined,
): RealmSettings => {
  const { id: _id, ...rest } = body
  const { jwt_params: jwt, ...methods } = rest.auth_params
  const idps = jwt?.idp_params.map((idp) => toIdentityProvider(idp, sealSecret))
  const auth_params = { ...methods, ...(jwt && { jwt_params: { ...jwt, idp_params: idps } }) }
  return JSON.parse(JSON.stringify({ ...rest, auth_params })) as RealmSettings
}

const withoutSecret = ({ sealed_client_secret: _sealed, ...idp }: JwtIdentityProvider): JwtIdentityProvider => idp

/** What may be read of the settings: all but secrets. */
export const withoutSecrets = (settings: RealmSettings): RealmSettings => {
  const { jwt_params: jwt } = settings.auth_params
  if (!jwt) return settings
  const jwt_params = { ...jwt, idp_params: jwt.idp_params.map(withoutSecret) }
  return { ...settings, auth_params: { ...settings.auth_params, jwt_params } }
}
