/** OpenID Connect Core §5.1 and §5.4 – what each scope tells a client about a person. */

/** A user, as far as claims go. */
export type ClaimsSource = {
  username: string
  /** Standard claims by their wire names. */
  claims: Record<string, unknown>
  roles: string[]
  groups: string[]
  /** Milliseconds since the epoch. */
  updatedAt: number
}

export const CLAIMS_BY_SCOPE = {
  profile: [
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
  roles: ['roles', 'groups'],
} as const

/** Of ID tokens and of every UserInfo answer. */
const PROTOCOL_CLAIMS = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'amr', 'sid', 'at_hash']

export const CLAIMS_SUPPORTED: readonly string[] = [...PROTOCOL_CLAIMS, ...Object.values(CLAIMS_BY_SCOPE).flat()]

/** Core §5.3.2 – a claim without a value is left out, not shown empty. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** Core §5.1 – an address nobody has verified is not verified. */
const verified = (claims: Record<string, unknown>, name: string): boolean | undefined =>
  isEmpty(claims[name]) ? undefined : claims[`${name}_verified`] === true

const allClaims = (source: ClaimsSource): Record<string, unknown> => ({
  ...source.claims,
  preferred_username: source.claims.preferred_username ?? source.username,
  updated_at: Math.floor(source.updatedAt / 1000),
  email_verified: verified(source.claims, 'email'),
  phone_number_verified: verified(source.claims, 'phone_number'),
  roles: source.roles,
  groups: source.groups,
})

/** What the scopes give; never `sub`, which is another one for every sector. */
export const claimsOf = (source: ClaimsSource, scopes: readonly string[]): Record<string, unknown> => {
  const all = allClaims(source)
  const given: Record<string, unknown> = {}
  for (const [scope, names] of Object.entries(CLAIMS_BY_SCOPE)) {
    if (!scopes.includes(scope)) continue
    for (const name of names) if (!isEmpty(all[name])) given[name] = all[name]
  }
  return given
}
