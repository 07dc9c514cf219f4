/** RFC 8707 – resource indicators: the protected resources of a realm, and which of them an access token is for. */
import { OAuthError } from './errors.ts'
import type { Parameters } from './parameters.ts'
import { STANDARD_SCOPES } from './scopes.ts'
import type { SigningAlg } from './signing_algs.ts'

export const ACCESS_TOKEN_FORMATS = ['jwt', 'opaque'] as const
export type AccessTokenFormat = (typeof ACCESS_TOKEN_FORMATS)[number]

/** A protected resource, in the names of the administration API. */
export type Resource = {
  /** RFC 8707 §2 – an absolute URI without a fragment; the audience of its tokens. */
  identifier: string
  /** What people are told it is. */
  name?: string
  /** The scopes that mean something there; every one when absent. */
  scopes?: string[]
  access_token_format: AccessTokenFormat
  /** At most; the client's own may be shorter. */
  access_token_ttl_secs?: number
  access_token_signed_response_alg?: SigningAlg
  /** RFC 7662 – the client as which the resource server asks about the tokens that are for it. */
  client_id?: string
}

/** What is given to a request: the realm's registered resources, and the issuer, which is a resource itself (UserInfo). */
export type KnownResources = { issuer: string; settings: { resources?: Resource[] } }

const MAX_ASKED = 8

const invalidTarget = (description: string): OAuthError => new OAuthError('invalid_target', description)

/** One slash at the end is no difference that anybody means. */
const withoutSlash = (uri: string): string => (uri.endsWith('/') ? uri.slice(0, -1) : uri)

const canonical = ({ issuer, settings: { resources = [] } }: KnownResources, asked: string): string => {
  const known = [issuer, ...resources.map(({ identifier }) => identifier)]
  const found = known.find((uri) => uri === asked) ?? known.find((uri) => withoutSlash(uri) === withoutSlash(asked))
  if (found === undefined) throw invalidTarget('A requested resource is unknown')
  return found
}

/** RFC 8707 §2 – the identifiers that a request names, as they are registered; undefined when it names none. Throws invalid_target. */
export const askedResources = (known: KnownResources, parameters: Parameters): string[] | undefined => {
  const asked = parameters.all('resource')
  if (asked.length === 0) return undefined
  if (asked.length > MAX_ASKED) throw invalidTarget('Too many resources are requested')
  return [...new Set(asked.map((uri) => canonical(known, uri)))]
}

/** RFC 8707 §2.2 – what was granted, or less. Less is for this access token only. Throws invalid_target. */
export const narrowedResources = (
  known: KnownResources,
  granted: readonly string[] | undefined,
  parameters: Parameters,
): readonly string[] | undefined => {
  const asked = askedResources(known, parameters)
  if (asked === undefined) return granted
  // A grant without resources is for the issuer itself.
  const allowed = granted ?? [known.issuer]
  if (!asked.every((uri) => allowed.includes(uri))) throw invalidTarget('A resource exceeds what was granted')
  return asked
}

/** How the access token for some resources is made. */
export type Target = {
  audience: string | string[]
  format: AccessTokenFormat
  /** Seconds at most; undefined for the client's own lifetime. */
  ttl: number | undefined
  /** Undefined for the client's own. */
  alg: SigningAlg | undefined
  mayHave(scope: string): boolean
}

const oneOf = <T>(values: readonly T[]): T | undefined => {
  if (new Set(values).size > 1)
    throw invalidTarget('These resources take tokens of different kinds: request one of them')
  return values[0]
}

/** Throws invalid_target for a resource that was taken away since, and for several that no one token suits. */
export const targetOf = ({ issuer, settings }: KnownResources, identifiers: readonly string[]): Target => {
  const ours: Resource = { identifier: issuer, access_token_format: 'jwt' }
  const known = [ours, ...(settings.resources ?? [])]
  const wanted = identifiers.map((uri) => known.find(({ identifier }) => identifier === uri))
  const resources = wanted.filter((resource) => resource !== undefined)
  if (resources.length < wanted.length) throw invalidTarget('A requested resource is unknown')
  const ttls = resources.map((resource) => resource.access_token_ttl_secs ?? Number.POSITIVE_INFINITY)
  const ttl = Math.min(...ttls)
  return {
    audience: identifiers.length === 1 ? (identifiers[0] ?? issuer) : [...identifiers],
    format: oneOf(resources.map((resource) => resource.access_token_format)) ?? 'jwt',
    ttl: Number.isFinite(ttl) ? ttl : undefined,
    alg: oneOf(resources.map((resource) => resource.access_token_signed_response_alg)),
    // RFC 8707 §3 – no token says more than its resources need; the standard scopes are about the person, not about them.
    mayHave: (scope) =>
      STANDARD_SCOPES.includes(scope) || resources.some(({ scopes }) => scopes === undefined || scopes.includes(scope)),
  }
}
