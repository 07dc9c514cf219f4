/** RFC 7591 §2 `jwks` and `jwks_uri` – the public keys of a client. */
import type { KeyObject } from 'node:crypto'
import { createJwksCache, type JwksCacheDeps } from '../keys/jwks_cache.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { EncryptionAlg } from '../oauth/encryption_algs.ts'
import { type EncryptionKey, importEncryptionKeys, selectEncryptionKeys } from '../oauth/encryption_keys.ts'
import { importKeys, type KeyQuery, selectKeys, type VerificationKey } from '../oauth/verification_keys.ts'

const MAX_KEYS = 20

/** How long fetched keys are used, and how soon a key nobody knows makes us ask again: a client may change its keys within a minute. */
const FRESHNESS = { maxAgeMs: 60_000, minRefetchMs: 30_000, retryMs: 30_000 }
const BOUNDS = {
  fetch: { maxBytes: 65_536, timeoutMs: 5_000 },
  maxKeys: MAX_KEYS,
  requiresKid: false,
  maxDocuments: 1_000,
}

export type ClientKeysDeps = JwksCacheDeps

export const createClientKeys = (deps: ClientKeysDeps) => {
  const byValue = new WeakMap<Client, readonly VerificationKey[]>()
  const encryptionByValue = new WeakMap<Client, readonly EncryptionKey[]>()
  const jwksCache = createJwksCache(deps, BOUNDS)

  const ownKeys = (client: Client): readonly VerificationKey[] => {
    const known = byValue.get(client)
    if (known) return known
    const keys = importKeys(client.metadata.jwks?.keys ?? [], MAX_KEYS)
    byValue.set(client, keys)
    return keys
  }

  const ownEncryptionKeys = (client: Client): readonly EncryptionKey[] => {
    const known = encryptionByValue.get(client)
    if (known) return known
    const keys = importEncryptionKeys(client.metadata.jwks?.keys ?? [], MAX_KEYS)
    encryptionByValue.set(client, keys)
    return keys
  }

  return {
    /** OpenID Connect Core §10.2 – the key that an answer to the client is encrypted to. */
    async encryptionKey(client: Client, alg: EncryptionAlg): Promise<EncryptionKey | undefined> {
      const { jwks, jwks_uri: url } = client.metadata
      if (jwks !== undefined) return selectEncryptionKeys(ownEncryptionKeys(client), alg)[0]
      if (url === undefined) return undefined
      return (await jwksCache.encryptionKeys({ url, owner: client.realmId, ...FRESHNESS }, alg))?.[0]
    },

    /** At most four keys that may have made the signature. */
    async candidates(client: Client, query: KeyQuery): Promise<KeyObject[]> {
      const { jwks, jwks_uri: url } = client.metadata
      if (jwks !== undefined) return selectKeys(ownKeys(client), query)
      if (url === undefined) return []
      return (await jwksCache.candidates({ url, owner: client.realmId, ...FRESHNESS }, query)) ?? []
    },

    /** Whether the key is any of the client's. */
    async has(client: Client, key: KeyObject): Promise<boolean> {
      const { jwks, jwks_uri: url } = client.metadata
      if (jwks !== undefined) return ownKeys(client).some((known) => known.key.equals(key))
      if (url === undefined) return false
      return await jwksCache.has({ url, owner: client.realmId, ...FRESHNESS }, key)
    },
  }
}

export type ClientKeys = ReturnType<typeof createClientKeys>
