/** What the administration API takes of a realm: its policy, with a safe value for everything that is left out. */
import { z } from 'zod'
import { complain, list, text, webUri } from './member_shapes.ts'
import { isRealmId, type RealmSettings } from './realm_settings.ts'
import { isScopeToken, STANDARD_SCOPES } from './scopes.ts'

const TEN_YEARS = 315_360_000

const seconds = z.int().min(1, 'must be at least 1').max(TEN_YEARS, 'must be at most ten years')

const usernamePasswordParams = z.strictObject({
  allow_expired_passwords: z.boolean().default(false),
  max_password_age_seconds: seconds.optional(),
})

const identityProvider = z.strictObject({
  jwt_issuer_uri: webUri(),
  jwks_uri: webUri(),
  jwt_audience: text(255).optional(),
})

const jwtParams = z.strictObject({
  idp_params: z
    .array(identityProvider)
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

const scope = z.strictObject({
  name: z
    .string()
    .max(128, 'must have at most 128 characters')
    .refine(isScopeToken, 'must be a scope token of RFC 6749 section 3.3')
    .refine((name) => !STANDARD_SCOPES.includes(name), 'is a standard scope, which every realm has'),
  description: text(200).optional(),
})

const scopes = list(scope, 200).superRefine((items, context) => {
  for (const [index, item] of items.entries()) {
    const isRepeated = items.findIndex((other) => other.name === item.name) !== index
    complain(context, [index, 'name'], isRepeated ? 'must not name a scope twice' : undefined)
  }
})

const settings = {
  auth_params: authParams.default({}),
  session_max_age_seconds: seconds.default(28_800),
  session_max_stale_age_seconds: seconds.default(3_600),
  scopes: scopes.default([]),
}

export const realmCreationSchema = z.strictObject({
  id: z.string().refine(isRealmId, 'must be 1 to 64 letters, digits, _ or -'),
  ...settings,
})

/** The path says which realm, whatever the body says. */
export const realmUpdateSchema = z.strictObject({ id: z.string().optional(), ...settings })

/** Without members that are undefined: what is stored is what JSON shows. */
export const toRealmSettings = (body: z.output<typeof realmUpdateSchema>): RealmSettings => {
  const { id: _id, ...rest } = body
  return JSON.parse(JSON.stringify(rest)) as RealmSettings
}
