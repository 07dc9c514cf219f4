/** RFC 9701 – an introspection answer that others can hold against this server: signed, and encrypted where the caller is registered so. */
import type { KeyProvider, SigningAlg } from '../keys/key_provider.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { allowsAlg, profileOf } from '../oauth/profile.ts'
import { toSigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { createEncrypt, type EncryptDeps } from './encrypt.ts'
import { signJwt } from './jwt.ts'

export type IntrospectionResponseDeps = EncryptDeps & { keys: Pick<KeyProvider, 'signer'>; clock: Clock }

/** RFC 9701 §4 and §5 */
export const INTROSPECTION_JWT = 'token-introspection+jwt'

/** RFC 9701 §6 – RS256 for who did not say, but where the profile forbids it (FAPI 2.0 §5.4.1). */
const algOf = ({ settings }: Realm, { metadata }: Client): SigningAlg =>
  toSigningAlg(metadata.introspection_signed_response_alg) ??
  (allowsAlg(profileOf(settings, metadata), 'RS256') ? 'RS256' : 'ES256')

export const createIntrospectionResponse = (deps: IntrospectionResponseDeps) => {
  const encrypt = createEncrypt(deps)

  /** RFC 9701 §5 – what is told of the token stands apart, so that this JWT is never taken for the token. Throws invalid_request. */
  return async (realm: Realm, caller: Client, told: object): Promise<string> => {
    const claims = {
      iss: realm.issuer,
      aud: caller.clientId,
      iat: toSeconds(deps.clock.now()),
      token_introspection: told,
    }
    const signer = await deps.keys.signer(realm, algOf(realm, caller))
    return await encrypt(caller, 'introspection', await signJwt(signer, INTROSPECTION_JWT, claims))
  }
}
