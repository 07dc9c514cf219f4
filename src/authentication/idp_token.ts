/**
 * RFC 7519 §7.2 and RFC 8725 §3 – whether a JWT was made by one of the identity providers that the realm trusts, for us, and
 * is of use at this moment. What it says is looked at before its signature, so that no key is fetched for a useless one.
 */
import { createJwksCache, type JwksCacheDeps } from '../keys/jwks_cache.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Claims, isNumericDate, parseJwt, type UnverifiedJwt } from '../oauth/jwt.ts'
import type { JwtIdentityProvider } from '../oauth/realm_settings.ts'
import { verifySignature } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { toSeconds } from '../system/clock.ts'

/** What the other clock may differ by. */
export const LEEWAY_SECONDS = 60

const MAX_SUBJECT_CHARACTERS = 255

const BOUNDS = {
  fetch: { maxBytes: 1_048_576, timeoutMs: 5_000 },
  maxKeys: 100,
  requiresKid: true,
  maxDocuments: 2_000,
}

/** A key that the provider has withdrawn is out of use after this, or after the realm's interval where that is longer. */
const MAX_AGE_MS = 600_000
/** How soon a provider that has never answered is asked again. */
const RETRY_MS = 5_000

/** Of one provider: `audience` undefined takes a token for anybody, `check` says what else is wrong. */
export type Expectation = {
  audience: string | undefined
  types: ReadonlySet<string | undefined>
  check?: (claims: Claims) => string | undefined
}

export type IdpVerdict =
  | { isRight: true; issuer: string; subject: string; claims: Claims }
  /** For the audit trail. */
  | { isRight: false; reason: string }

const wrong = (reason: string): IdpVerdict => ({ isRight: false, reason })

const isSubject = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_SUBJECT_CHARACTERS && value.isWellFormed()

/** RFC 7519 §4.1.3 – one string or a list of them. */
const isFor = (aud: unknown, audience: string | undefined): boolean => {
  if (audience === undefined) return true
  return aud === audience || (Array.isArray(aud) && aud.includes(audience))
}

const timesRefusal = ({ exp, nbf, iat }: Claims, now: number): string | undefined => {
  if (!isNumericDate(exp)) return 'no_exp'
  if (exp + LEEWAY_SECONDS <= now) return 'expired'
  for (const begin of [nbf, iat]) {
    if (begin === undefined) continue
    if (!isNumericDate(begin)) return 'no_usable_time'
    if (begin - LEEWAY_SECONDS > now) return 'not_valid_yet'
  }
  return undefined
}

const claimsRefusal = (jwt: UnverifiedJwt, expected: Expectation, now: number): string | undefined => {
  const { claims } = jwt
  // RFC 8725 §3.11 and §3.12 – tokens of another kind are no sign-in, be they marked by their type or by their claims.
  if (!expected.types.has(jwt.typ) || claims.events !== undefined) return 'wrong_type'
  if (!isFor(claims.aud, expected.audience)) return 'wrong_audience'
  if (!isSubject(claims.sub)) return 'no_subject'
  return timesRefusal(claims, now) ?? expected.check?.(claims)
}

export const createVerifyIdpToken = (deps: JwksCacheDeps) => {
  const jwksCache = createJwksCache(deps, BOUNDS)

  const isSigned = async (realm: Realm, idp: JwtIdentityProvider, jwt: UnverifiedJwt): Promise<boolean> => {
    const intervalSeconds = realm.settings.auth_params.jwt_params?.smallest_refresh_interval_seconds ?? 0
    const minRefetchMs = intervalSeconds * 1000
    const retryMs = Math.min(RETRY_MS, minRefetchMs)
    const maxAgeMs = Math.max(MAX_AGE_MS, minRefetchMs)
    const source = { url: idp.jwks_uri, owner: realm.id, maxAgeMs, minRefetchMs, retryMs }
    const keys = await jwksCache.candidates(source, jwt)
    if (keys === undefined) {
      throw new OAuthError('temporarily_unavailable', 'The identity provider cannot be reached', {
        hint: idp.jwt_issuer_uri,
        retryAfterSeconds: Math.max(1, Math.ceil(retryMs / 1000)),
      })
    }
    return keys.some((key) => verifySignature(jwt.alg, key, jwt.signingInput, jwt.signature))
  }

  /** `expect` is asked about the provider that the token names. Throws temporarily_unavailable while no key is known. */
  return async (
    realm: Realm,
    token: string,
    expect: (idp: JwtIdentityProvider) => Expectation | undefined,
  ): Promise<IdpVerdict> => {
    const jwt = parseJwt(token)
    if (!jwt) return wrong('malformed_token')
    if (jwt.kid === undefined) return wrong('no_kid')
    // RFC 7519 §4.1.1 – character by character.
    const { iss, sub } = jwt.claims
    const idp = realm.settings.auth_params.jwt_params?.idp_params.find((known) => known.jwt_issuer_uri === iss)
    const expected = idp && expect(idp)
    if (!expected) return wrong('unknown_issuer')
    const refusal = claimsRefusal(jwt, expected, toSeconds(deps.clock.now()))
    if (refusal !== undefined) return wrong(refusal)
    if (!(await isSigned(realm, idp, jwt))) return wrong('wrong_signature')
    return { isRight: true, issuer: idp.jwt_issuer_uri, subject: sub as string, claims: jwt.claims }
  }
}
