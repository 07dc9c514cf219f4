/** OpenID Connect Core §5.3.2 – the answer of UserInfo in the form that the client is registered for: JSON, or a JWT, or either of them encrypted. */
import type { KeyProvider } from '../keys/key_provider.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { encryptionOf } from '../oauth/response_encryption.ts'
import { toSigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { createEncrypt, type EncryptDeps } from './encrypt.ts'
import { signJwt } from './jwt.ts'

export type UserinfoResponseDeps = EncryptDeps & { keys: Pick<KeyProvider, 'signer'> }

export type UserinfoResponse =
  | { contentType: 'application/json'; body: object }
  | { contentType: 'application/jwt'; body: string }

export const createUserinfoResponse = (deps: UserinfoResponseDeps) => {
  const encrypt = createEncrypt(deps)

  /** Throws invalid_request. */
  return async (realm: Realm, client: Client, claims: object): Promise<UserinfoResponse> => {
    const alg = toSigningAlg(client.metadata.userinfo_signed_response_alg)
    const isEncrypted = encryptionOf(client.metadata, 'userinfo') !== undefined
    if (!alg && !isEncrypted) return { contentType: 'application/json', body: claims }
    // Core §5.3.2 – who says it, and to whom. Nothing else: without exp it can pass for no ID token (RFC 8725 §3.12).
    const addressed = { ...claims, iss: realm.issuer, aud: client.clientId }
    const body = alg
      ? await encrypt(client, 'userinfo', await signJwt(await deps.keys.signer(realm, alg), 'JWT', addressed))
      : await encrypt(client, 'userinfo', JSON.stringify(addressed), { typ: 'JWT' })
    return { contentType: 'application/jwt', body }
  }
}
