/** RFC 9068 §4 – whether an access token that is shown to us is one of ours and still good. */
import type { KeyProvider } from '../keys/key_provider.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { type Claims, parseJwt } from '../oauth/jwt.ts'
import { verifySignature } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { AccessTokenClaims } from './claims.ts'
import type { Subjects } from './subject.ts'

export type VerifyDeps = { keys: Pick<KeyProvider, 'publicKey'>; subjects: Pick<Subjects, 'userIdOf'>; clock: Clock }

/** An access token that is good now, with whom it is for and about. */
export type LiveAccessToken = {
  claims: AccessTokenClaims
  client: Client
  /** Undefined where the client acts for itself. */
  user: User | undefined
}

/** Tokens whose signature was found right lately: a signature is dear, and resource servers ask about one token often. */
const MAX_REMEMBERED = 2_000

/** The claims of an access token that this realm signed; of its times and state nothing is said. */
const createVerifySigned = (deps: VerifyDeps) => {
  const remembered = new Map<string, { realm: Realm; claims: Claims }>()

  const remember = (token: string, realm: Realm, claims: Claims): void => {
    const oldest = remembered.keys().next()
    if (remembered.size >= MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
    remembered.set(token, { realm, claims })
  }

  return async (realm: Realm, token: string): Promise<Claims | undefined> => {
    const known = remembered.get(token)
    // The realm object changes with the realm's keys, so what an old one vouched for is looked at again.
    if (known?.realm === realm) return known.claims
    const jwt = parseJwt(token)
    // RFC 8725 §3.11 – the explicit type keeps the kinds of token apart.
    if (!jwt || jwt.kid === undefined || jwt.typ !== 'at+jwt') return undefined
    const key = await deps.keys.publicKey(realm, jwt.kid)
    // RFC 8725 §3.1 – the algorithm is the key's, not the token's choice.
    if (!key || key.alg !== jwt.alg) return undefined
    if (!verifySignature(key.alg, key.key, jwt.signingInput, jwt.signature)) return undefined
    if (jwt.claims.iss !== realm.issuer) return undefined
    remember(token, realm, jwt.claims)
    return jwt.claims
  }
}

/** The access token of this realm, for whatever resource, that has not expired; revoked ones too. */
export const createReadAccessToken = (deps: VerifyDeps) => {
  const verifySigned = createVerifySigned(deps)
  return async (realm: Realm, token: string): Promise<AccessTokenClaims | undefined> => {
    // The form tells the kinds apart: an opaque token is base64url alone.
    if (!token.includes('.'))
      return (await realm.store.opaqueTokens.find(sha256(token), deps.clock.now())) as AccessTokenClaims | undefined
    const claims = (await verifySigned(realm, token)) as AccessTokenClaims | undefined
    // RFC 9068 §4
    return claims && claims.exp > toSeconds(deps.clock.now()) ? claims : undefined
  }
}

/** RFC 9068 §4 – `ours`: this server itself is the resource. `any`: somebody else is, and asks. */
type Audience = 'ours' | 'any'

const isFor = ({ issuer }: Realm, { aud }: AccessTokenClaims, audience: Audience): boolean =>
  audience === 'any' || aud === issuer || (Array.isArray(aud) && aud.includes(issuer))

/** The access token with its client and user, while all three are good: nothing revoked, disabled or deleted. */
export const createFindAccessToken = (deps: VerifyDeps) => {
  const readAccessToken = createReadAccessToken(deps)
  return async (realm: Realm, token: string, audience: Audience = 'ours'): Promise<LiveAccessToken | undefined> => {
    const claims = await readAccessToken(realm, token)
    if (!claims || !isFor(realm, claims, audience)) return undefined
    const client = await realm.findClient(claims.client_id)
    if (!client?.enabled) return undefined
    const { revocations, users } = realm.store
    const isRevoked = revocations.isRevoked([claims.jti, claims.authorization_id])
    // Only what a person signed in for has this claim.
    if (claims.auth_time === undefined) return (await isRevoked) ? undefined : { claims, client, user: undefined }
    const findUser = async () => {
      const userId = await deps.subjects.userIdOf(realm, claims)
      return userId === undefined ? undefined : await users.find(userId)
    }
    const [revoked, user] = await Promise.all([isRevoked, findUser()])
    if (revoked) return undefined
    return user?.enabled ? { claims, client, user } : undefined
  }
}

export type FindAccessToken = ReturnType<typeof createFindAccessToken>
