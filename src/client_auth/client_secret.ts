/** Comparison of a client secret. Secrets are made by the server with 256 bits, so SHA-256 is all the hashing they need. */
import type { Client } from '../oauth/client_metadata.ts'
import { constantTimeEquals, sha256 } from '../system/hashing.ts'

/** No secret hashes to this: what an unknown client's secret is compared with, so that the work is the same. */
const NO_HASH = '0'.repeat(43)

/** `undefined` when the secret is the client's, otherwise why not. */
export const secretRefusal = (client: Client | undefined, secret: string): string | undefined => {
  const isRight = constantTimeEquals(sha256(secret), client?.secretHash ?? NO_HASH)
  return isRight ? undefined : 'a wrong client secret'
}
