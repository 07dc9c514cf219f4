/** OpenID Connect Core §5.5 – claims that a client asks for one by one, beside what its scopes give. */
import { CLAIMS_BY_SCOPE, type ClaimsSource, claimsOf } from './claims.ts'
import { OAuthError } from './errors.ts'
import { parseStrictObject } from './json.ts'

/** Claims by their names, with the values that they must have; null where any will do. */
export type WantedClaims = Record<string, readonly unknown[] | null>

/** Of claims about the person: what nobody could ever tell is not kept. */
export type ClaimsRequest = { userinfo: WantedClaims; id_token: WantedClaims }

export type ParsedClaims = {
  claims: ClaimsRequest
  /** Core §5.5.1 – the `sub` that the ID token must have. */
  subject: string | undefined
  acr: { isEssential: boolean; values: readonly string[] } | undefined
}

type Member = { essential: boolean; values: readonly unknown[] | null }

const SCOPE_OF_CLAIM = new Map<string, string>(
  Object.entries(CLAIMS_BY_SCOPE).flatMap(([scope, names]) => names.map((name): [string, string] => [name, scope])),
)

const malformed = (): OAuthError => new OAuthError('invalid_request', 'The claims parameter is malformed')

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Core §5.5.1 – null, or an object with essential, value and values; other members are ignored. */
const toMember = (value: unknown): Member => {
  if (value === null) return { essential: false, values: null }
  if (!isObject(value)) throw malformed()
  const { essential = false, value: one, values: several } = value
  if (typeof essential !== 'boolean') throw malformed()
  if (several !== undefined && !Array.isArray(several)) throw malformed()
  return { essential, values: one === undefined ? (several ?? null) : [one] }
}

const toMembers = (value: unknown): Map<string, Member> => {
  if (value === undefined) return new Map()
  if (!isObject(value)) throw malformed()
  return new Map(Object.entries(value).map(([name, member]) => [name, toMember(member)]))
}

/** Core §5.5 – a client gets no claim this way that it could not get by a scope. */
const wanted = (members: Map<string, Member>, registered: readonly string[]): WantedClaims =>
  Object.fromEntries(
    [...members]
      .filter(([name]) => registered.includes(SCOPE_OF_CLAIM.get(name) ?? ''))
      .map(([name, { values }]) => [name, values]),
  )

const isText = (value: unknown): value is string => typeof value === 'string'

/** `registered`: the scopes of the client. Throws invalid_request. */
export const parseClaims = (text: string, registered: readonly string[]): ParsedClaims => {
  const parsed = parseStrictObject(text)
  if (!parsed) throw malformed()
  const idToken = toMembers(parsed.id_token)
  const userinfo = toMembers(parsed.userinfo)
  const [subject] = (idToken.get('sub') ?? userinfo.get('sub'))?.values ?? []
  if (subject !== undefined && !isText(subject)) throw malformed()
  const acr = idToken.get('acr')
  return {
    claims: { userinfo: wanted(userinfo, registered), id_token: wanted(idToken, registered) },
    subject,
    // Core §5.5.1.1 – without values any acr will do, and there is nothing to ask for.
    acr: acr?.values ? { isEssential: acr.essential, values: acr.values.filter(isText) } : undefined,
  }
}

const namesOf = ({ userinfo, id_token }: ClaimsRequest): string[] => [
  ...Object.keys(userinfo),
  ...Object.keys(id_token),
]

/** What a person is asked to allow: a claim is what its scope gives, whichever way it is asked for. */
export const scopesToAllow = (request: { scopes: readonly string[]; claims?: ClaimsRequest }): readonly string[] => {
  if (request.claims === undefined) return request.scopes
  const scopes = namesOf(request.claims).flatMap((name) => SCOPE_OF_CLAIM.get(name) ?? [])
  return [...new Set([...request.scopes, ...scopes])]
}

/** Core §5.5.1 – of the claims that are wanted those that the person has, with the values that were asked for. */
export const wantedClaimsOf = (
  source: ClaimsSource,
  claims: WantedClaims | undefined,
  registered: readonly string[],
): Record<string, unknown> => {
  const all = claimsOf(source, registered)
  return Object.fromEntries(
    Object.entries(claims ?? {}).flatMap(([name, values]): [string, unknown][] => {
      if (!Object.hasOwn(all, name)) return []
      const isWanted = values === null || values.some((value) => JSON.stringify(value) === JSON.stringify(all[name]))
      return isWanted ? [[name, all[name]]] : []
    }),
  )
}
