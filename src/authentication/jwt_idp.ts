/**
 * Signing in with a JWT of an identity provider of the realm: the caller's own, or the ID token of a sign-in that this
 * server began there (OpenID Connect Core §3.1.3.7). Who it belongs to:
 *
 * 1. The user that has the identity { issuer, subject }; an identity belongs to one user of a realm at most.
 * 2. Otherwise the user whose name is the subject, character by character, if that user has no identities at all: who has
 *    some signs in by them alone. So nobody comes in by a name that another provider, or another spelling, gave away.
 * 3. Nobody else: no user is made, and no claim such as an e-mail address is ever compared (T-SE-10).
 */
import type { JwksCacheDeps } from '../keys/jwks_cache.ts'
import type { Counting } from '../limits/attempt_counts.ts'
import { type Claims, isNumericDate } from '../oauth/jwt.ts'
import { usernameProblem } from '../oauth/username.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { type Milliseconds, toSeconds } from '../system/clock.ts'
import { constantTimeEquals } from '../system/hashing.ts'
import type { Proof } from './first_factor.ts'
import { createVerifyIdpToken, type IdpVerdict, LEEWAY_SECONDS } from './idp_token.ts'
import { createRefusalLimits } from './refusal_limits.ts'

export type JwtIdpDeps = JwksCacheDeps & { counting: Counting }

/** How recently the person must have signed in there, and whether a token that does not say when is evidence of it. */
export type Freshness = { since: Milliseconds; evidence: 'required' | 'if_given' }

/** The ID token of one sign-in that began here. */
export type UpstreamToken = {
  token: string
  issuer: string
  clientId: string
  nonce: string
  freshness: Freshness | undefined
}

const API_TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt'])
const ID_TOKEN_TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt'])

const MAX_AMR_VALUES = 10
const AMR_VALUE = /^[!-~]{1,32}$/

/** RFC 8176 §1 – as the provider tells it; the registry has no value that says `by somebody else`. */
const amrOf = ({ amr }: Claims): string[] => {
  const isUsable = (value: unknown): boolean => typeof value === 'string' && AMR_VALUE.test(value)
  return Array.isArray(amr) && amr.length <= MAX_AMR_VALUES && amr.every(isUsable) ? [...new Set(amr)] : []
}

const isFresh = (authTime: unknown, { since, evidence }: Freshness): boolean => {
  if (authTime === undefined) return evidence === 'if_given'
  return isNumericDate(authTime) && authTime + LEEWAY_SECONDS >= toSeconds(since)
}

/** OpenID Connect Core §3.1.3.7 – what an ID token has to say beside what every token has to. */
const idTokenRefusal = (claims: Claims, { clientId, nonce, freshness }: UpstreamToken): string | undefined => {
  // T-SE-14 – of this sign-in, in this browser, and no other.
  if (typeof claims.nonce !== 'string' || !constantTimeEquals(claims.nonce, nonce)) return 'wrong_nonce'
  const isShared = Array.isArray(claims.aud) && claims.aud.length > 1
  if ((isShared || claims.azp !== undefined) && claims.azp !== clientId) return 'wrong_authorized_party'
  if (!isNumericDate(claims.iat)) return 'no_usable_time'
  return freshness && !isFresh(claims.auth_time, freshness) ? 'signed_in_too_long_ago' : undefined
}

const findUser = async ({ store }: Realm, issuer: string, subject: string): Promise<User | undefined> => {
  const linked = await store.users.findByIdentity({ issuer, subject })
  if (linked || usernameProblem(subject) !== undefined) return linked
  const named = await store.users.findByUsername(subject)
  return named?.username === subject && named.identities.length === 0 ? named : undefined
}

const toProof = async (realm: Realm, verdict: IdpVerdict): Promise<Proof> => {
  if (!verdict.isRight) return { isProved: false, user: undefined, reason: verdict.reason }
  const user = await findUser(realm, verdict.issuer, verdict.subject)
  if (!user?.enabled) return { isProved: false, user, reason: user ? 'disabled' : 'unknown_user' }
  return { isProved: true, user, amr: amrOf(verdict.claims), isPasswordExpired: false }
}

export const createJwtIdpAuthentication = (deps: JwtIdpDeps) => {
  const verify = createVerifyIdpToken(deps)
  const limitRefusals = createRefusalLimits(deps.counting)

  return {
    /** Throws too_many_requests, and temporarily_unavailable while the provider's keys are unknown. */
    prove(realm: Realm, { token }: { token: string }, { ip }: RequestFacts): Promise<Proof> {
      return limitRefusals(ip, async () => {
        const verdict = await verify(realm, token, ({ jwt_audience, client_id }) => ({
          audience: jwt_audience ?? client_id,
          types: API_TYPES,
        }))
        return await toProof(realm, verdict)
      })
    },

    /** Throws temporarily_unavailable while the provider's keys are unknown. */
    async proveUpstream(realm: Realm, upstream: UpstreamToken): Promise<Proof> {
      const verdict = await verify(realm, upstream.token, ({ jwt_issuer_uri }) => {
        if (jwt_issuer_uri !== upstream.issuer) return undefined
        const check = (claims: Claims) => idTokenRefusal(claims, upstream)
        return { audience: upstream.clientId, types: ID_TOKEN_TYPES, check }
      })
      return await toProof(realm, verdict)
    },
  }
}

export type JwtIdpAuthentication = ReturnType<typeof createJwtIdpAuthentication>
