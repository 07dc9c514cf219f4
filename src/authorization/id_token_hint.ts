/** OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2 – an ID token that comes back as a hint of who is meant. */
import type { KeyProvider } from '../keys/key_provider.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Claims, isNumericDate, parseJwt, type UnverifiedJwt } from '../oauth/jwt.ts'
import { verifySignature } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'

export type IdTokenHint = {
  subject: string
  /** The client that the token was made for. */
  clientId: string
  sessionId: string | undefined
}

export type IdTokenHintDeps = { keys: Pick<KeyProvider, 'publicKey'> }

/** RFC 7516 §3.1 */
const JWE_PARTS = 5

const invalidHint = (hint: string): OAuthError =>
  new OAuthError('invalid_request', 'The id_token_hint is not an ID token of this issuer', { hint })

const toHint = ({ iss, sub, aud, exp, sid }: Claims, issuer: string): IdTokenHint => {
  if (iss !== issuer) throw invalidHint('another issuer')
  // RFC 8725 §3.12 – a signed UserInfo answer has the rest, and no exp.
  if (!isNumericDate(exp)) throw invalidHint('no expiry')
  if (typeof sub !== 'string' || typeof aud !== 'string') throw invalidHint('no subject or audience')
  return { subject: sub, clientId: aud, sessionId: typeof sid === 'string' ? sid : undefined }
}

const requireSignature = async (keys: IdTokenHintDeps['keys'], realm: Realm, jwt: UnverifiedJwt): Promise<void> => {
  const key = jwt.kid === undefined ? undefined : await keys.publicKey(realm, jwt.kid)
  // RFC 8725 §3.1 – the key decides the algorithm, not the token.
  if (!key || key.alg !== jwt.alg) throw invalidHint('an unknown key')
  if (!verifySignature(key.alg, key.key, jwt.signingInput, jwt.signature)) throw invalidHint('a wrong signature')
}

/**
 * Who a hint names. It may have expired (RP-Initiated Logout §4): it is no credential, and signs nobody in.
 * Throws invalid_request.
 */
export const createReadIdTokenHint =
  ({ keys }: IdTokenHintDeps) =>
  async (realm: Realm, token: string): Promise<IdTokenHint> => {
    // Core §3.1.2.1 – the client decrypts it first: nothing is encrypted to keys of this server.
    if (token.split('.').length === JWE_PARTS)
      throw new OAuthError('invalid_request', 'The id_token_hint is encrypted: send the ID token inside of it')
    const jwt = parseJwt(token)
    // RFC 8725 §3.11 – an access token, signed by the same keys, is no ID token.
    if (jwt?.typ !== 'jwt') throw invalidHint('not a JWT of this type')
    await requireSignature(keys, realm, jwt)
    return toHint(jwt.claims, realm.issuer)
  }

export type ReadIdTokenHint = ReturnType<typeof createReadIdTokenHint>
