/** RFC 7516 §7.1 and RFC 7519 §11.2 – what a client is registered to get encrypted is encrypted to a key of its own, or not sent. */
import { CompactEncrypt } from 'jose'
import type { ClientKeys } from '../client_auth/client_keys.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type EncryptedResponse, type Encryption, encryptionOf } from '../oauth/response_encryption.ts'

export type EncryptDeps = { clientKeys: Pick<ClientKeys, 'encryptionKey'> }

/** RFC 7519 §5.2 – what is inside of it is a JWT of its own; §5.1 – or it is the claims themselves. */
type ContentHeader = { cty: 'JWT'; iss?: string } | { typ: 'JWT' }

const NESTED: ContentHeader = { cty: 'JWT' }

/** Never the answer in the clear instead. */
const cannotEncrypt = (cause: unknown): OAuthError =>
  new OAuthError('invalid_request', 'The client has no usable key for the encryption that it is registered for', {
    cause,
  })

export const createEncrypt = ({ clientKeys }: EncryptDeps) => {
  const encrypt = async (
    client: Client,
    { alg, enc }: Encryption,
    content: string,
    contentHeader: ContentHeader,
  ): Promise<string> => {
    const found = await clientKeys.encryptionKey(client, alg)
    if (!found || enc === undefined) throw cannotEncrypt(new Error(`no key for ${alg} with ${enc}`))
    // OpenID Connect Core §10.2 – the name of the key, where it has one.
    const header = { alg, enc, ...contentHeader, ...(found.kid === undefined ? {} : { kid: found.kid }) }
    try {
      return await new CompactEncrypt(Buffer.from(content)).setProtectedHeader(header).encrypt(found.key)
    } catch (error) {
      throw cannotEncrypt(error)
    }
  }

  /** The content itself for a client that is not registered for encryption of that answer. Throws invalid_request. */
  return (
    client: Client,
    response: EncryptedResponse,
    content: string,
    header: ContentHeader = NESTED,
  ): string | Promise<string> => {
    const encryption = encryptionOf(client.metadata, response)
    return encryption ? encrypt(client, encryption, content, header) : content
  }
}
