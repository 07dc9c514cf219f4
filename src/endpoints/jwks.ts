/** RFC 7517 §5 – the public keys of a realm. */
import type { Endpoint } from '../http/endpoint.ts'
import type { KeyProvider, PublicKey } from '../keys/key_provider.ts'

/** Short: a key that a token names and the copy lacks makes a client ask again. */
const MAX_AGE_SECONDS = 60

export const createJwksEndpoint = ({ keys }: { keys: Pick<KeyProvider, 'publicKeys'> }): Endpoint => {
  // The array stays the same until a key comes or goes.
  const bodies = new WeakMap<readonly PublicKey[], string>()

  const bodyOf = (publicKeys: readonly PublicKey[]): string => {
    const known = bodies.get(publicKeys)
    if (known) return known
    const body = JSON.stringify({ keys: publicKeys.map((key) => key.jwk) })
    bodies.set(publicKeys, body)
    return body
  }

  return {
    at: 'realm',
    method: 'GET',
    path: '/jwks.json',
    errors: 'json',
    cors: 'public',
    limit: 'documents',
    mayBeStale: true,
    async handle(_request, reply, realm) {
      const body = bodyOf(await keys.publicKeys(realm))
      return reply
        .header('content-type', 'application/json')
        .header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`)
        .send(body)
    },
  }
}
