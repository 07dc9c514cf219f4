/** RFC 7591 §2 `jwks` and `jwks_uri` – the public keys of a client, weak and odd ones left out. */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { Client, PublicJwk } from '../oauth/client_metadata.ts'
import { publicJwkProblem } from '../oauth/public_jwk.ts'
import { fits, type SigningAlg, toSigningAlg } from '../oauth/signing_algs.ts'
import type { Clock } from '../system/clock.ts'
import type { Outbound } from '../system/outbound.ts'

/** What a client may make us work through. */
const MAX_KEYS = 20
const MAX_CANDIDATES = 4

/** How long fetched keys are used, and how soon a key nobody knows makes us ask again. */
const MAX_AGE_MS = 60_000
const MIN_REFETCH_MS = 30_000
const MAX_DOCUMENTS = 1_000
const FETCH_LIMITS = { maxBytes: 65_536, timeoutMs: 5_000 }

export type ClientKeysDeps = { outbound: Pick<Outbound, 'getJson'>; clock: Clock }

type ClientKey = { kid: string | undefined; alg: SigningAlg | undefined; key: KeyObject }

type Fetched = { keys: readonly ClientKey[]; fetchedAt: number; triedAt: number; fetching: Promise<void> | undefined }

export type KeyQuery = { alg: SigningAlg; kid: string | undefined }

/** RFC 7517 §4.2 and §4.3 */
const isForSignatures = ({ use, key_ops: operations }: PublicJwk): boolean =>
  (use === undefined || use === 'sig') &&
  (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))

/** Undefined for a key that is not used here: it may be for something else, of an odd size, or no key at all. */
const importKey = (jwk: unknown): ClientKey | undefined => {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const known = jwk as PublicJwk
  if (!isForSignatures(known) || publicJwkProblem(known) !== undefined) return undefined
  const alg = toSigningAlg(known.alg)
  if (known.alg !== undefined && alg === undefined) return undefined
  const key = createPublicKey({ key: known as webcrypto.JsonWebKey, format: 'jwk' })
  return { kid: typeof known.kid === 'string' ? known.kid : undefined, alg, key }
}

const importKeys = (keys: unknown): readonly ClientKey[] =>
  Array.isArray(keys)
    ? keys
        .slice(0, MAX_KEYS)
        .map(importKey)
        .filter((key) => key !== undefined)
    : []

/** RFC 8725 §3.1 – one algorithm per key; and a name is compared, never used for a lookup elsewhere. */
const select = (keys: readonly ClientKey[], query: KeyQuery): KeyObject[] =>
  keys
    .filter(({ kid, alg, key }) => {
      if (query.kid !== undefined && kid !== undefined && kid !== query.kid) return false
      return (alg === undefined || alg === query.alg) && fits(query.alg, key)
    })
    .slice(0, MAX_CANDIDATES)
    .map(({ key }) => key)

export const createClientKeys = (deps: ClientKeysDeps) => {
  const byValue = new WeakMap<Client, readonly ClientKey[]>()
  const documents = new Map<string, Fetched>()

  const ownKeys = (client: Client): readonly ClientKey[] => {
    const known = byValue.get(client)
    if (known) return known
    const keys = importKeys(client.metadata.jwks?.keys)
    byValue.set(client, keys)
    return keys
  }

  const documentOf = (url: string): Fetched => {
    const known = documents.get(url)
    if (known) return known
    const oldest = documents.keys().next()
    if (documents.size >= MAX_DOCUMENTS && !oldest.done) documents.delete(oldest.value)
    const made: Fetched = {
      keys: [],
      fetchedAt: Number.NEGATIVE_INFINITY,
      triedAt: Number.NEGATIVE_INFINITY,
      fetching: undefined,
    }
    documents.set(url, made)
    return made
  }

  /** A fetch that fails leaves the keys as they were. */
  const fetchInto = async (url: string, document: Fetched): Promise<void> => {
    document.triedAt = deps.clock.now()
    try {
      const body = await deps.outbound.getJson(url, FETCH_LIMITS)
      document.keys = importKeys((body as { keys?: unknown } | null)?.keys)
      document.fetchedAt = deps.clock.now()
    } catch {
      // The old keys stay in use, and without any the client cannot authenticate. The next try is half a minute off.
    }
  }

  /** One fetch for all callers that wait. */
  const refetch = (url: string, document: Fetched): Promise<void> => {
    document.fetching ??= fetchInto(url, document).finally(() => {
      document.fetching = undefined
    })
    return document.fetching
  }

  const fetchedKeys = async (url: string, query: KeyQuery): Promise<KeyObject[]> => {
    const document = documentOf(url)
    const elapsed = (since: number): number => Math.abs(deps.clock.now() - since)
    const isDue = () => elapsed(document.triedAt) >= MIN_REFETCH_MS
    if (document.fetching || (elapsed(document.fetchedAt) >= MAX_AGE_MS && isDue())) await refetch(url, document)
    const known = select(document.keys, query)
    if (known.length > 0 || !isDue()) return known
    await refetch(url, document)
    return select(document.keys, query)
  }

  return {
    /** At most four keys that may have made the signature. */
    candidates(client: Client, query: KeyQuery): KeyObject[] | Promise<KeyObject[]> {
      const { jwks, jwks_uri } = client.metadata
      if (jwks !== undefined) return select(ownKeys(client), query)
      return jwks_uri === undefined ? [] : fetchedKeys(jwks_uri, query)
    },
  }
}

export type ClientKeys = ReturnType<typeof createClientKeys>
