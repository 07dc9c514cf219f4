/** OpenID Connect Dynamic Client Registration 1.0 §2, JARM §3 and RFC 9701 §6 – which answers a client is registered to get encrypted. */
import type { ClientMetadata } from './client_metadata.ts'
import type { EncryptionAlg, EncryptionEnc } from './encryption_algs.ts'
import { importEncryptionKeys, selectEncryptionKeys } from './encryption_keys.ts'

export const ENCRYPTED_RESPONSES = ['id_token', 'userinfo', 'authorization', 'introspection'] as const
export type EncryptedResponse = (typeof ENCRYPTED_RESPONSES)[number]

/** `enc` is there wherever the registration was checked. */
export type Encryption = { alg: EncryptionAlg; enc: EncryptionEnc | undefined }

/** Undefined for an answer that is not encrypted. */
export const encryptionOf = (metadata: ClientMetadata, response: EncryptedResponse): Encryption | undefined => {
  const alg = metadata[`${response}_encrypted_response_alg`]
  return alg && { alg, enc: metadata[`${response}_encrypted_response_enc`] }
}

type Problem = [keyof ClientMetadata, string]

const hasKeyFor = ({ jwks, jwks_uri: uri }: ClientMetadata, alg: EncryptionAlg): boolean => {
  // What is published elsewhere is looked at when it is needed.
  if (uri !== undefined) return true
  const keys = jwks?.keys ?? []
  return selectEncryptionKeys(importEncryptionKeys(keys, keys.length), alg).length > 0
}

const problemOf = (metadata: ClientMetadata, response: EncryptedResponse): Problem | undefined => {
  const enc = metadata[`${response}_encrypted_response_enc`]
  const alg = metadata[`${response}_encrypted_response_alg`]
  if (alg === undefined)
    return enc && [`${response}_encrypted_response_enc`, `is of no use without ${response}_encrypted_response_alg`]
  // Known deviation: Registration §2 means A128CBC-HS256 then, which is not here; nobody shall get another without having asked.
  if (enc === undefined)
    return [
      `${response}_encrypted_response_enc`,
      `is needed with ${response}_encrypted_response_alg: A128GCM or A256GCM`,
    ]
  return hasKeyFor(metadata, alg)
    ? undefined
    : ['jwks', `needs a key for ${response}_encrypted_response_alg, or jwks_uri has to be given`]
}

/** The first thing that is wrong, as words that follow the member's name. */
export const encryptionProblem = (metadata: ClientMetadata): Problem | undefined =>
  ENCRYPTED_RESPONSES.map((response) => problemOf(metadata, response)).find((problem) => problem !== undefined)
