/**
 * The life of a signing key: published before it signs, so that nobody meets a name that their copy of the key set lacks; signing until
 * its successor does; published until its last token is over; then only remembered. Nothing here is decided from memory: whatever
 * several nodes do at once, the database lets one of them do it.
 */
import type { Config } from '../config/schema.ts'
import type { SigningAlg } from '../oauth/signing_algs.ts'
import { newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { SigningKeyRecord } from '../storage/signing_keys.ts'
import type { RealmStore, Store } from '../storage/store.ts'
import type { Clock, Milliseconds } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import { algOf, type KeyMaterial } from './key_material.ts'

/** The longest that a token of any client or resource can live. */
const LONGEST_TOKEN_MS = 86_400_000
/** For clocks that go wrong, and for who keeps a copy of the key set. */
const SLACK_MS = 3_600_000
/** That a key was there is remembered for so long. */
const REMEMBERED_MS = 30 * 86_400_000

export type KeyLifeDeps = {
  config: Pick<Config, 'signing_keys_params' | 'oauth_params'>
  store: Pick<Store, 'transaction' | 'realm' | 'dueSigningKeys'>
  material: KeyMaterial
  clock: Clock
  random: Random
  log: Pick<Log, 'error'>
}

/** After a step that failed: a realm that is broken must not hold up the others. */
const RETRY_MS = 300_000

/** Takes a transaction back: another caller was first. */
class Overtaken extends Error {}

/** Who asked; nobody for what the schedule does. */
export type Asked = { facts?: RequestFacts; principal?: string }

export const createKeyLife = (deps: KeyLifeDeps) => {
  const { config, store, material, clock } = deps
  const { rotation_interval_secs: interval, prepublish_secs: prepublish } = config.signing_keys_params
  const { access_token_ttl_secs: accessTtl, id_token_ttl_secs: idTtl } = config.oauth_params
  const graceMs = Math.max(LONGEST_TOKEN_MS, accessTtl * 1000, idTtl * 1000) + SLACK_MS

  /** When the successor of a key that became active at that time has to be published. */
  const successorDue = (activatedAt: Milliseconds): Milliseconds =>
    activatedAt + Math.max(interval - prepublish, 0) * 1000

  const event = (type: 'created' | 'activated' | 'retired' | 'revoked', kid: string, alg: string, asked: Asked = {}) =>
    newAuditEvent(deps, asked.facts, {
      type: `signing_key.${type}`,
      target: kid,
      detail: { alg },
      ...(asked.principal === undefined ? {} : { principal: asked.principal }),
    })

  /** The change with its record and the version that tells the other nodes; false where another caller was first. */
  const change = (
    realmId: string,
    audit: ReturnType<typeof event>,
    work: (keys: RealmStore['signingKeys']) => Promise<boolean>,
  ): Promise<boolean> =>
    store.transaction(async (repositories) => {
      const realmStore = repositories.realm(realmId)
      if (!(await work(realmStore.signingKeys))) return false
      await repositories.realms.bumpVersion(realmId)
      await realmStore.audit.insert(audit)
      return true
    })

  const announce = (realmId: string, kid: string, alg: string, asked?: Asked): Promise<boolean> =>
    change(realmId, event('created', kid, alg, asked), async () => true)

  /** The first key of an algorithm signs at once: nobody can hold a copy of a key set without it. */
  const makeActive = async (realmId: string, alg: SigningAlg, asked?: Asked): Promise<void> => {
    const now = clock.now()
    const key = { ...(await material.make(realmId, alg)), createdAt: now, dueAt: successorDue(now) }
    if (await store.realm(realmId).signingKeys.insertActive(key)) await announce(realmId, key.kid, alg, asked)
  }

  const makeNext = async (realmId: string, alg: SigningAlg, dueAt: Milliseconds, asked?: Asked): Promise<void> => {
    const key = { ...(await material.make(realmId, alg)), createdAt: clock.now(), dueAt }
    if (await store.realm(realmId).signingKeys.insertNext(key)) await announce(realmId, key.kid, alg, asked)
  }

  const activate = async (
    realmId: string,
    { next, active }: { next: SigningKeyRecord; active: SigningKeyRecord | undefined },
    asked?: Asked,
  ): Promise<void> => {
    const now = clock.now()
    try {
      await change(realmId, event('activated', next.kid, next.alg, asked), async (keys) => {
        // Whoever moves the old one out of its place moves the new one in, or neither.
        if (active && !(await keys.leave(active.kid, { now, dueAt: now + graceMs }))) throw new Overtaken()
        if (!(await keys.activate(next.kid, { now, dueAt: successorDue(now) }))) throw new Overtaken()
        return true
      })
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
  }

  const ofAlg = (records: readonly SigningKeyRecord[], { alg }: { alg: string }) => ({
    active: records.find((record) => record.alg === alg && record.state === 'active'),
    next: records.find((record) => record.alg === alg && record.state === 'prepublished'),
  })

  const succeed = async (realmId: string, active: SigningKeyRecord, records: readonly SigningKeyRecord[]) => {
    const now = clock.now()
    const since = active.activatedAt ?? active.createdAt
    const { signingKeys } = store.realm(realmId)
    if (ofAlg(records, active).next) return await signingKeys.postpone(active.kid, undefined)
    // The configuration may have changed since the date was set.
    if (successorDue(since) > now) return await signingKeys.postpone(active.kid, successorDue(since))
    await makeNext(realmId, algOf(active), Math.max(since + interval * 1000, now + prepublish * 1000))
    await signingKeys.postpone(active.kid, undefined)
  }

  const step = async (realmId: string, record: SigningKeyRecord, records: readonly SigningKeyRecord[]) => {
    const now = clock.now()
    switch (record.state) {
      case 'active':
        return await succeed(realmId, record, records)
      case 'prepublished':
        return await activate(realmId, { next: record, active: ofAlg(records, record).active })
      case 'grace':
        return await change(realmId, event('retired', record.kid, record.alg), (keys) =>
          keys.retire(record.kid, { now, dueAt: now + REMEMBERED_MS }),
        )
      case 'retired':
      case 'revoked':
        return await store.realm(realmId).signingKeys.delete(record.kid)
    }
  }

  const tryStep = async (realmId: string, record: SigningKeyRecord, records: readonly SigningKeyRecord[]) => {
    try {
      await step(realmId, record, records)
    } catch (err) {
      deps.log.error({ err, realm: realmId, kid: record.kid }, 'a signing key could not go on in its life')
      await store.realm(realmId).signingKeys.postpone(record.kid, clock.now() + RETRY_MS)
    }
  }

  return {
    makeActive,

    /** Does what is due, of so many keys at most; how many there were. For the schedule of every node. */
    async advance(limit: number): Promise<number> {
      const due = await store.dueSigningKeys.list(clock.now(), limit)
      for (const { realmId, kid } of due) {
        const records = await store.realm(realmId).signingKeys.list()
        const record = records.find((one) => one.kid === kid)
        // Another node may have been here since.
        if (record?.dueAt !== undefined && record.dueAt <= clock.now()) await tryStep(realmId, record, records)
      }
      return due.length
    },

    /**
     * Publishes the successor of the active key now; it signs after `prepublish_secs`. One that waits already is brought forward to
     * that time, and never put off.
     */
    async rotate(realmId: string, alg: SigningAlg, asked: Asked): Promise<void> {
      const { signingKeys } = store.realm(realmId)
      const { active, next } = ofAlg(await signingKeys.list(), { alg })
      if (!active) return await makeActive(realmId, alg, asked)
      const dueAt = clock.now() + prepublish * 1000
      if (!next) await makeNext(realmId, alg, dueAt, asked)
      else if (dueAt < (next.dueAt ?? Number.POSITIVE_INFINITY)) await signingKeys.postpone(next.kid, dueAt)
      await signingKeys.postpone(active.kid, undefined)
      if (prepublish > 0) return
      const now = ofAlg(await signingKeys.list(), { alg })
      if (now.next) await activate(realmId, { next: now.next, active: now.active }, asked)
    },

    /**
     * A key that somebody else may have: nothing that it signed counts any more, on any node, and where it was the one that signs,
     * another one signs at once. False when there is no such key.
     */
    async revoke(realmId: string, kid: string, asked: Asked): Promise<boolean> {
      const { signingKeys } = store.realm(realmId)
      const records = await signingKeys.list()
      const record = records.find((one) => one.kid === kid)
      if (!record) return false
      const now = clock.now()
      await change(realmId, event('revoked', kid, record.alg, asked), (keys) =>
        keys.revoke(kid, { now, dueAt: now + graceMs + REMEMBERED_MS }),
      )
      if (record.state !== 'active') return true
      const { next } = ofAlg(records, record)
      if (next) await activate(realmId, { next, active: undefined }, asked)
      else await makeActive(realmId, algOf(record), asked)
      return true
    },
  }
}

export type KeyLife = ReturnType<typeof createKeyLife>
