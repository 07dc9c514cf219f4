/** RFC 7591 §2 `jwks` and `jwks_uri` – the public keys of clients, and of those who attest them. */
import type { KeyObject } from 'node:crypto'
import { createJwksCache, type JwksCacheDeps } from '../keys/jwks_cache.ts'
import type { Client, ClientAttester, ClientMetadata } from '../oauth/client_metadata.ts'
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

/** Who has published keys, in one place or the other. */
type Holder = Pick<ClientMetadata, 'jwks' | 'jwks_uri'>

export const createClientKeys = (deps: ClientKeysDeps) => {
  // By the object of the registration, which is replaced when anything in it changes.
  const byValue = new WeakMap<Holder, readonly VerificationKey[]>()
  const encryptionByValue = new WeakMap<Client, readonly EncryptionKey[]>()
  const jwksCache = createJwksCache(deps, BOUNDS)

  const ownKeys = (holder: Holder): readonly VerificationKey[] => {
    const known = byValue.get(holder)
    if (known) return known
    const keys = importKeys(holder.jwks?.keys ?? [], MAX_KEYS)
    byValue.set(holder, keys)
    return keys
  }

  const ownEncryptionKeys = (client: Client): readonly EncryptionKey[] => {
    const known = encryptionByValue.get(client)
    if (known) return known
    const keys = importEncryptionKeys(client.metadata.jwks?.keys ?? [], MAX_KEYS)
    encryptionByValue.set(client, keys)
    return keys
  }

  const candidates = async (realmId: string, holder: Holder, query: KeyQuery): Promise<KeyObject[]> => {
    const { jwks, jwks_uri: url } = holder
    if (jwks !== undefined) return selectKeys(ownKeys(holder), query)
    if (url === undefined) return []
    return (await jwksCache.candidates({ url, owner: realmId, ...FRESHNESS }, query)) ?? []
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
    candidates: (client: Client, query: KeyQuery): Promise<KeyObject[]> =>
      candidates(client.realmId, client.metadata, query),

    /** The same, of somebody who attests clients of this realm. */
    ofAttester: (realmId: string, attester: ClientAttester, query: KeyQuery): Promise<KeyObject[]> =>
      candidates(realmId, attester, query),

    /** Whether the key is any of the client's. */
    async has(client: Client, key: KeyObject): Promise<boolean> {
      const { jwks, jwks_uri: url } = client.metadata
      if (jwks !== undefined) return ownKeys(client.metadata).some((known) => known.key.equals(key))
      if (url === undefined) return false
      return await jwksCache.has({ url, owner: client.realmId, ...FRESHNESS }, key)
    },
  }
}

export type ClientKeys = ReturnType<typeof createClientKeys>
