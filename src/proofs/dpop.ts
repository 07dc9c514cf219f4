/** RFC 9449 – DPoP: a client proves with every request that it holds the key of its tokens. */
import { createCounting } from '../limits/attempt_counts.ts'
import { countOne } from '../limits/guarded.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Claims, isNumericDate, type JwtWithKey, parseJwtWithKey } from '../oauth/jwt.ts'
import { fits, type SigningAlg, thumbprint, verifySignature } from '../oauth/signing_algs.ts'
import { importKeys } from '../oauth/verification_keys.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { constantTimeEquals, sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import { createDpopNonces, NONCE_LIFETIME_MS } from './dpop_nonce.ts'
import { isSameTarget } from './htu.ts'

/** FAPI 2.0 §5.4 – and never a symmetric one (RFC 9449 §11.6). */
export const DPOP_SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'PS256', 'EdDSA']

const MAX_AGE_SECONDS = 60
const MAX_AHEAD_SECONDS = 10
const MAX_JTI_CHARACTERS = 256

/** How long a mark outlives the last moment at which its proof would be accepted: for clocks that do not agree. */
const MARGIN_MS = 60_000

/** T-DP-01 – what one client may have remembered. Beyond it new proofs are refused, and none that lives is forgotten. */
const MAX_PROOFS = 60_000
const QUOTA_SECONDS = 60

export type DpopDeps = { clock: Clock; random: Random }

export type DpopRequest = {
  /** The DPoP header as it came. */
  header: string
  method: string
  /** The address that was called, in every spelling that names this endpoint. */
  urls: readonly string[]
  /** The access token that came along; undefined where none is used. */
  accessToken: string | undefined
}

/** Right in everything, but for whether it was used before. */
export type DpopProof = { jkt: string; jti: string; purgeAfter: number }

const invalidProof = (description: string): OAuthError => new OAuthError('invalid_dpop_proof', description)

const parse = (header: string): JwtWithKey => {
  // RFC 9449 §4.3 check 1 – one header; of two, Node makes a list.
  if (header.includes(',')) throw invalidProof('There is more than one DPoP proof')
  // RFC 9449 §4.3 checks 2 and 5
  const jwt = parseJwtWithKey(header)
  if (!jwt) throw invalidProof('The DPoP proof is not a well-formed JWT with a jwk')
  // RFC 9449 §4.3 check 4
  if (jwt.typ !== 'dpop+jwt') throw invalidProof('The typ of the DPoP proof is not dpop+jwt')
  if (!DPOP_SIGNING_ALGS.includes(jwt.alg)) throw invalidProof('The alg of the DPoP proof is not supported')
  return jwt
}

/** RFC 9449 §4.3 checks 6 and 7 – signed by the key that it brings along, which is public. Gives the key's thumbprint. */
const verifyKey = (jwt: JwtWithKey): string => {
  const [found] = importKeys([jwt.jwk], 1)
  if (!found || !fits(jwt.alg, found.key) || (found.alg ?? jwt.alg) !== jwt.alg)
    throw invalidProof('The jwk of the DPoP proof is not a public key for its alg')
  if (!verifySignature(jwt.alg, found.key, jwt.signingInput, jwt.signature))
    throw invalidProof('The signature of the DPoP proof is wrong')
  // Of the key itself: a jwk can spell one key in more than one way.
  return thumbprint(found.key.export({ format: 'jwk' }))
}

const verifyTarget = ({ htm, htu, ath }: Claims, request: DpopRequest): void => {
  // RFC 9449 §4.3 check 8 – methods have a case (RFC 9110 §9.1).
  if (htm !== request.method) throw invalidProof('The htm of the DPoP proof is not the method of the request')
  // RFC 9449 §4.3 check 9
  if (typeof htu !== 'string' || !isSameTarget(htu, request.urls))
    throw invalidProof('The htu of the DPoP proof is not the address of the request')
  if (request.accessToken === undefined) return
  // RFC 9449 §4.3 check 12 – made for this access token.
  if (typeof ath !== 'string' || !constantTimeEquals(ath, sha256(request.accessToken)))
    throw invalidProof('The ath of the DPoP proof is not the hash of the access token')
}

const requireNear = (iat: number, now: number): void => {
  if (iat < now - MAX_AGE_SECONDS || iat > now + MAX_AHEAD_SECONDS)
    throw invalidProof('The iat of the DPoP proof is too far from the time of this server')
}

export const createDpop = (deps: DpopDeps, { maxProofs } = { maxProofs: MAX_PROOFS }) => {
  const { clock } = deps
  const nonces = createDpopNonces(deps)
  // Of this node alone: nothing is asked of another store while a token waits.
  const counts = createCounting({ now: clock.now })({ name: 'dpop_proofs', windowMs: QUOTA_SECONDS * 1000 })
  const quota = { counts, most: maxProofs, description: 'Too many DPoP proofs of this client' }

  /** RFC 9449 §8 – and the nonce that will do. */
  const useNonce = async (realm: Realm): Promise<OAuthError> =>
    new OAuthError('use_dpop_nonce', 'The DPoP proof needs a nonce of this server', {
      headers: { 'dpop-nonce': (await nonces.fresh(realm)) ?? '' },
    })

  /** Whether a nonce vouches for the time of the proof. Throws use_dpop_nonce. */
  const verifyNonce = async (realm: Realm, nonce: unknown): Promise<'by_nonce' | 'by_iat'> => {
    const policy = realm.settings.dpop_nonce ?? 'off'
    if (policy === 'off') return 'by_iat'
    if (nonce === undefined && policy === 'optional') return 'by_iat'
    // RFC 9449 §4.3 check 10, §11.3 – one that was given out is not left out again.
    if (typeof nonce !== 'string' || !(await nonces.isFresh(realm, nonce))) throw await useNonce(realm)
    return 'by_nonce'
  }

  /** RFC 9449 §4.3 check 11. Gives the end of the time in which the proof would be accepted, in milliseconds. */
  const verifyTime = async (realm: Realm, { iat, nonce }: Claims): Promise<number> => {
    if (!isNumericDate(iat)) throw invalidProof('The DPoP proof has no iat')
    if ((await verifyNonce(realm, nonce)) === 'by_nonce') return clock.now() + NONCE_LIFETIME_MS
    requireNear(iat, toSeconds(clock.now()))
    return (iat + MAX_AGE_SECONDS + 1) * 1000
  }

  return {
    /** All of RFC 9449 §4.3 but the replay: nothing is used up yet. Throws invalid_dpop_proof and use_dpop_nonce. */
    async verify(realm: Realm, request: DpopRequest): Promise<DpopProof> {
      const jwt = parse(request.header)
      const jkt = verifyKey(jwt)
      verifyTarget(jwt.claims, request)
      // RFC 9449 §4.3 check 3
      const { jti } = jwt.claims
      if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS)
        throw invalidProof('The DPoP proof has no usable jti')
      const usableUntil = await verifyTime(realm, jwt.claims)
      return { jkt, jti, purgeAfter: usableUntil + MARGIN_MS }
    },

    /**
     * RFC 9449 §11.1 – once, on every node. Call it when everything else about the request was right, so that nobody fills
     * the store by asking. Throws invalid_dpop_proof for every caller but one.
     */
    async use(realm: Realm, clientId: string, { jkt, jti, purgeAfter }: DpopProof): Promise<void> {
      await countOne(quota, JSON.stringify([realm.id, clientId]))
      const isFirst = await realm.store.replayMarks.remember({ kind: 'dpop_proof', owner: jkt, value: jti, purgeAfter })
      if (!isFirst) throw invalidProof('The DPoP proof was used before')
    },

    /** For the DPoP-Nonce header of an answer (RFC 9449 §8.2); undefined where the realm has no nonces. */
    freshNonce: (realm: Realm): Promise<string | undefined> => nonces.fresh(realm),
  }
}
