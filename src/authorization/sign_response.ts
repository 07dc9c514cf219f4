/** JARM §2 – the answer to an authorization request as one JWT for the client, where the request asks for that. */
import type { KeyProvider } from '../keys/key_provider.ts'
import type { ResponseTarget } from '../oauth/authorization_request.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { isSignedMode } from '../oauth/response_mode.ts'
import { type SigningAlg, toSigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { createEncrypt, type EncryptDeps } from '../tokens/encrypt.ts'
import { signJwt } from '../tokens/jwt.ts'
import type { ResponseFields } from './response.ts'

/** JARM §2.1 – ten minutes at most. */
const LIFETIME_SECONDS = 600

export type SignResponseDeps = EncryptDeps & { keys: Pick<KeyProvider, 'signer'>; clock: Clock }

/** Known deviation from JARM §3, which has RS256: what FAPI 2.0 §5.4.1 allows, unless the client is registered for another. */
const algOf = (client: Client): SigningAlg => toSigningAlg(client.metadata.authorization_signed_response_alg) ?? 'ES256'

/** The fields as they are, or the one field that holds them all. Throws invalid_request for a client that nothing can be encrypted to. */
export const createSignResponse = (deps: SignResponseDeps) => {
  const { keys, clock } = deps
  const encrypt = createEncrypt(deps)
  return async (
    realm: Realm,
    { client, responseMode }: ResponseTarget,
    fields: ResponseFields,
  ): Promise<ResponseFields> => {
    if (!isSignedMode(responseMode)) return fields
    const signer = await keys.signer(realm, algOf(client))
    const exp = toSeconds(clock.now()) + LIFETIME_SECONDS
    // JARM §2.1 – errors as well; iss and aud say who answers whom.
    const signed = await signJwt(signer, 'JWT', { ...fields, iss: realm.issuer, aud: client.clientId, exp })
    // JARM §2.2 – signed first, then encrypted.
    return { response: await encrypt(client, 'authorization', signed) }
  }
}
