/**
 * RFC 7517 §5 – the key sets that others publish, as they were when last asked for. One fetch serves all who wait for it, a
 * key that nobody knows is a reason to ask again but not all the time (T-SS-08), and a fetch that fails changes nothing.
 */
import type { KeyObject } from 'node:crypto'
import type { EncryptionAlg } from '../oauth/encryption_algs.ts'
import { type EncryptionKey, importEncryptionKeys, selectEncryptionKeys } from '../oauth/encryption_keys.ts'
import { importKeys, type KeyQuery, selectKeys, type VerificationKey } from '../oauth/verification_keys.ts'
import type { Clock, Milliseconds } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { Outbound, OutboundLimits } from '../system/outbound.ts'

export type JwksCacheDeps = { outbound: Pick<Outbound, 'getJson'>; clock: Clock; log: Pick<Log, 'warn'> }

export type JwksCacheBounds = {
  /** Of one document. */
  fetch: OutboundLimits
  maxKeys: number
  /** Keys without a name are left out: every signature has to say which key made it. */
  requiresKid: boolean
  /** Documents that are kept; the one that was not asked about for longest makes room. */
  maxDocuments: number
}

/** A key set, and how often it may be asked for. */
export type JwksSource = {
  url: string
  /** Whose cache it is: sources of different owners share nothing. */
  owner: string
  maxAgeMs: Milliseconds
  minRefetchMs: Milliseconds
  /** Instead of `minRefetchMs` while no fetch has ever succeeded. */
  retryMs: Milliseconds
}

type KeySet = { verification: readonly VerificationKey[]; encryption: readonly EncryptionKey[] }

type Document = {
  /** Undefined until a fetch has succeeded. */
  keys: KeySet | undefined
  fetchedAt: Milliseconds
  triedAt: Milliseconds
  fetching: Promise<void> | undefined
}

const newDocument = (): Document => ({
  keys: undefined,
  fetchedAt: Number.NEGATIVE_INFINITY,
  triedAt: Number.NEGATIVE_INFINITY,
  fetching: undefined,
})

const keysOf = (body: unknown): readonly unknown[] => {
  const keys = (body as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) throw new Error('the document is no JWK set')
  return keys
}

export const createJwksCache = ({ outbound, clock, log }: JwksCacheDeps, bounds: JwksCacheBounds) => {
  const documents = new Map<string, Document>()

  /** Moves it to the end of the map: those at its beginning make room. */
  const documentOf = ({ owner, url }: JwksSource): Document => {
    const name = `${owner} ${url}`
    const document = documents.get(name) ?? newDocument()
    documents.delete(name)
    const [oldest] = documents.keys()
    if (documents.size >= bounds.maxDocuments && oldest !== undefined) documents.delete(oldest)
    documents.set(name, document)
    return document
  }

  const importSet = (body: unknown): KeySet => {
    const keys = keysOf(body)
    const verification = importKeys(keys, bounds.maxKeys)
    return {
      verification: bounds.requiresKid ? verification.filter(({ kid }) => kid !== undefined) : verification,
      encryption: importEncryptionKeys(keys, bounds.maxKeys),
    }
  }

  const fetchInto = async (document: Document, url: string): Promise<void> => {
    document.triedAt = clock.now()
    try {
      document.keys = importSet(await outbound.getJson(url, bounds.fetch))
      document.fetchedAt = clock.now()
    } catch (err) {
      // What was known stays in use.
      log.warn({ err, jwks_uri: url }, 'a JWK set could not be fetched')
    }
  }

  /** One fetch for all callers that wait. */
  const fetchOnce = (document: Document, url: string): Promise<void> => {
    document.fetching ??= fetchInto(document, url).finally(() => {
      document.fetching = undefined
    })
    return document.fetching
  }

  const elapsed = (since: Milliseconds): Milliseconds => Math.abs(clock.now() - since)

  const isDue = ({ keys, triedAt }: Document, { minRefetchMs, retryMs }: JwksSource): boolean =>
    elapsed(triedAt) >= (keys === undefined ? retryMs : minRefetchMs)

  /** What `choose` finds in the set, which is fetched anew where it finds nothing; undefined while no set was ever to be had. */
  const find = async <T>(source: JwksSource, choose: (keys: KeySet) => T[]): Promise<T[] | undefined> => {
    const document = documentOf(source)
    const known = document.keys ? choose(document.keys) : []
    if (known.length > 0 && elapsed(document.fetchedAt) < source.maxAgeMs) return known
    if (document.fetching || isDue(document, source)) await fetchOnce(document, source.url)
    return document.keys && choose(document.keys)
  }

  return {
    /** The few keys that may have made the signature; undefined while no set was ever to be had. */
    candidates: (source: JwksSource, query: KeyQuery): Promise<KeyObject[] | undefined> =>
      find(source, ({ verification }) => selectKeys(verification, query)),

    /** The keys to encrypt to, the best one first; undefined while no set was ever to be had. */
    encryptionKeys: (source: JwksSource, alg: EncryptionAlg): Promise<EncryptionKey[] | undefined> =>
      find(source, ({ encryption }) => selectEncryptionKeys(encryption, alg)),

    /** Whether the set has this very key. */
    async has(source: JwksSource, key: KeyObject): Promise<boolean> {
      const found = await find(source, ({ verification }) => verification.filter((known) => known.key.equals(key)))
      return found !== undefined && found.length > 0
    },
  }
}
