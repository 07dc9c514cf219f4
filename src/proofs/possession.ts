/** RFC 9449 §7 and RFC 8705 §3 – whoever shows a bound access token to a resource of ours has to prove its key. */
import type { Confirmation } from '../oauth/confirmation.ts'
import { type ErrorDetail, OAuthError } from '../oauth/errors.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { constantTimeEquals } from '../system/hashing.ts'
import { createDpop, DPOP_SIGNING_ALGS, type DpopDeps } from './dpop.ts'
import { isCertificateOf } from './mutual_tls.ts'
import type { ProofRequest } from './sender_constraint.ts'

/** The token, and how it was shown. */
export type ShownToken = ProofRequest & { token: string; scheme: 'Bearer' | 'DPoP'; method: string }

/** RFC 9449 §7.1 – for clients that do not know yet. */
export const DPOP_CHALLENGE = `DPoP algs="${DPOP_SIGNING_ALGS.join(' ')}"`

/** RFC 9449 §7.1 – 401, and a challenge that names the error. */
const challenged = (code: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce') => {
  return (description: string, { headers, ...detail }: ErrorDetail = {}): OAuthError => {
    const challenge = `DPoP error="${code}", error_description="${description}", algs="${DPOP_SIGNING_ALGS.join(' ')}"`
    return new OAuthError(code, description, {
      ...detail,
      status: 401,
      headers: { ...headers, 'www-authenticate': challenge },
    })
  }
}

const invalidToken = challenged('invalid_token')

const asChallenge = (error: unknown): unknown => {
  if (!(error instanceof OAuthError)) return error
  if (error.code !== 'invalid_dpop_proof' && error.code !== 'use_dpop_nonce') return error
  return challenged(error.code)(error.description, { headers: error.headers, cause: error })
}

export const createRequirePossession = (deps: DpopDeps) => {
  const dpop = createDpop(deps)

  const proveKey = async (realm: Realm, clientId: string, jkt: string, shown: ShownToken): Promise<void> => {
    const { dpop: header, endpoint, url = endpoint } = shown
    if (header === undefined) throw new OAuthError('invalid_dpop_proof', 'The DPoP proof is missing')
    const proof = await dpop.verify(realm, {
      header,
      method: shown.method,
      urls: [endpoint, url],
      accessToken: shown.token,
    })
    // RFC 9449 §4.3 check 12 – the key that the token is bound to.
    if (!constantTimeEquals(proof.jkt, jkt))
      throw new OAuthError('invalid_dpop_proof', 'The key of the DPoP proof is not the one of the access token')
    await dpop.use(realm, clientId, proof)
  }

  /**
   * `confirmation` is the `cnf` of a token that is good. Throws invalid_token, invalid_dpop_proof and use_dpop_nonce; gives
   * the nonce for the answer, if there is one.
   */
  return async (
    realm: Realm,
    { cnf, client_id: clientId }: { cnf?: Confirmation; client_id: string },
    shown: ShownToken,
  ): Promise<string | undefined> => {
    // RFC 9449 §7.2 – no downgrade: the scheme says what the token is.
    if ((cnf?.jkt !== undefined) !== (shown.scheme === 'DPoP'))
      throw invalidToken('The access token is not of the kind that the authorization scheme says')
    // RFC 8705 §3
    if (cnf && !isCertificateOf(cnf, shown.certificate))
      throw new OAuthError('invalid_token', 'The access token is bound to another TLS client certificate')
    if (cnf?.jkt === undefined) return undefined
    try {
      await proveKey(realm, clientId, cnf.jkt, shown)
    } catch (error) {
      throw asChallenge(error)
    }
    return await dpop.freshNonce(realm)
  }
}
