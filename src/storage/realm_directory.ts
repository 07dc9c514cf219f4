/**
 * The realms in use, cached with a bound. A cached realm is trusted for FRESH_MS; then one small read of its version tells
 * whether anything inside it changed on any node, and if so everything cached of it is dropped at once.
 */
import type { Client } from '../oauth/client_metadata.ts'
import type { RealmSettings } from '../oauth/realm_settings.ts'
import { type Clock, delay } from '../system/clock.ts'
import type { RealmRecord } from './realms.ts'
import type { RealmStore, Store } from './store.ts'

const FRESH_MS = 500

/** A database that is well answers in a fraction of this. */
const READING_PATIENCE_MS = 250

const MAX_REALMS = 2_000
const MAX_CLIENTS_PER_REALM = 2_000

/** One realm at one version. What other rooms derive from it they may keep in a WeakMap by this object. */
export type Realm = {
  id: string
  settings: RealmSettings
  /** RFC 8414 §2 – the issuer identifier, without trailing slash: its endpoints begin with it. */
  issuer: string
  store: RealmStore
  /** Cached; disabled clients too, which the caller must refuse. */
  findClient(clientId: string): Promise<Client | undefined>
}

type Entry = { realm: Realm; version: number; checkedAt: number; checking: Promise<void> | undefined }

export type RealmDirectoryDeps = { store: Store; clock: Clock; issuer: string; defaultRealm: string }

/** Drops the oldest entry of a map that has reached its bound; reading an entry does not renew it. */
const makeRoom = (map: Map<string, unknown>, bound: number): void => {
  const oldest = map.keys().next()
  if (map.size >= bound && !oldest.done) map.delete(oldest.value)
}

/** What people are told of where they are: nothing in the default realm, whose issuer does not name it. */
export const shownRealm = ({ id, issuer }: Pick<Realm, 'id' | 'issuer'>): string | undefined =>
  issuer.endsWith(`/realms/${id}`) ? id : undefined

export const createRealmDirectory = (deps: RealmDirectoryDeps) => {
  const entries = new Map<string, Entry>()

  const issuerOf = (id: string): string => (id === deps.defaultRealm ? deps.issuer : `${deps.issuer}/realms/${id}`)

  const toRealm = (record: RealmRecord): Realm => {
    const clients = new Map<string, Client>()
    const store = deps.store.realm(record.id)
    return {
      id: record.id,
      settings: record.settings,
      issuer: issuerOf(record.id),
      store,
      async findClient(clientId) {
        const known = clients.get(clientId)
        if (known) return known
        const client = await store.clients.find(clientId)
        if (client) {
          makeRoom(clients, MAX_CLIENTS_PER_REALM)
          clients.set(clientId, client)
        }
        return client
      },
    }
  }

  const load = async (id: string): Promise<Realm | undefined> => {
    const checkedAt = deps.clock.now()
    const record = await deps.store.realms.find(id)
    if (!record) {
      entries.delete(id)
      return undefined
    }
    makeRoom(entries, MAX_REALMS)
    const realm = toRealm(record)
    entries.set(id, { realm, version: record.version, checkedAt, checking: undefined })
    return realm
  }

  /** Reads the version once for all callers that wait. */
  const check = (id: string, entry: Entry): Promise<void> => {
    entry.checking ??= (async () => {
      const startedAt = deps.clock.now()
      try {
        const version = await deps.store.realms.findVersion(id)
        if (version === entry.version) entry.checkedAt = startedAt
        else if (entries.get(id) === entry) entries.delete(id)
      } finally {
        entry.checking = undefined
      }
    })()
    return entry.checking
  }

  const isFresh = (entry: Entry): boolean => Math.abs(deps.clock.now() - entry.checkedAt) < FRESH_MS

  return {
    /** Undefined when there is no such realm. Throws when the store cannot be asked: nothing stale decides. */
    async open(id: string): Promise<Realm | undefined> {
      const entry = entries.get(id)
      if (!entry) return await load(id)
      if (!isFresh(entry)) await check(id, entry)
      return entries.get(id)?.realm ?? (await load(id))
    },

    /**
     * For public documents that may be a moment old: the cached realm when the store does not answer at once. The check goes
     * on behind, so what changed is seen by the request after.
     */
    async openForReading(id: string): Promise<Realm | undefined> {
      const entry = entries.get(id)
      if (!entry || isFresh(entry)) return await this.open(id)
      const cached = () => entry.realm
      return await Promise.race([this.open(id).catch(cached), delay(READING_PATIENCE_MS).then(cached)])
    },

    /** Forget what is cached of a realm: after a change on this node, so that the next request sees it. */
    forget(id: string): void {
      entries.delete(id)
    },

    issuerOf,
    defaultRealm: deps.defaultRealm,
  }
}

export type RealmDirectory = ReturnType<typeof createRealmDirectory>
