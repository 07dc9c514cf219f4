/** Everything of which one caller may win: what it takes to hold the contest, and who won. */
import type { Store } from '../../src/storage/store.ts'
import { StoreUnavailable } from '../../src/storage/store_unavailable.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { systemRandom } from '../../src/system/random.ts'
import { aRotation, HOUR, insertCode, insertFamily, insertTotp, NOW, rotate, type Scene } from './storage_fixtures.ts'

/** `key` and `head` name the row that is fought over. */
export type Contest = { kind: ContestKind; realmId: string; key: string; head: string }

type Kind = {
  prepare(scene: Scene): Promise<{ key: string; head?: string }>
  /** True for the winner. */
  attempt(store: Store, contest: Contest): Promise<boolean>
}

/** The algorithm is what is fought over; every caller brings a key of its own. */
const newKey = (alg: string) => ({
  kid: systemRandom.id(),
  alg,
  publicJwk: {},
  privateKey: '{}',
  createdAt: NOW,
  dueAt: NOW,
})

const aFreshKey = async () => ({ key: systemRandom.id() })

/** T-BF-05 – the step that all callers bring. */
const STEP = 60_000_000

const kinds = {
  'authorizationCodes.consume': {
    prepare: async (scene) => ({ key: await insertCode(scene) }),
    attempt: (store, { realmId, key }) => store.realm(realmId).authorizationCodes.consume(key, NOW, 3),
  },
  'authorizationCodes.consume with the family in one transaction': {
    prepare: async (scene) => ({ key: await insertCode(scene), head: `${scene.client.clientId}|${scene.user.id}` }),
    attempt: (store, { realmId, key, head }) =>
      store.transaction(async (transaction) => {
        const realm = transaction.realm(realmId)
        if (!(await realm.authorizationCodes.consume(key, NOW, 3))) return false
        const code = await realm.authorizationCodes.find(key)
        if (!code) throw new Error(`no code ${head}`)
        await realm.refreshFamilies.insert({
          id: code.granted.authorizationId,
          clientId: code.clientId,
          granted: code.granted,
          currentTokenHash: sha256(systemRandom.secret()),
          createdAt: NOW,
          idleExpiresAt: NOW + HOUR,
          expiresAt: NOW + HOUR,
        })
        return true
      }),
  },
  'interactions.consume': {
    prepare: async ({ realm, client }) => {
      const id = systemRandom.id()
      await realm.interactions.insert({
        id,
        clientId: client.clientId,
        browserHash: 'x',
        parameters: {},
        pushedRequestHash: undefined,
        createdAt: NOW,
        expiresAt: NOW + HOUR,
      })
      return { key: id }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).interactions.consume(key, NOW),
  },
  'upstreamRequests.consume': {
    prepare: async ({ realm, client }) => {
      const interactionId = systemRandom.id()
      const stateHash = sha256(systemRandom.secret())
      const times = { createdAt: NOW, expiresAt: NOW + HOUR }
      await realm.interactions.insert({
        id: interactionId,
        clientId: client.clientId,
        browserHash: 'x',
        parameters: {},
        pushedRequestHash: undefined,
        ...times,
      })
      await realm.upstreamRequests.replace({ stateHash, interactionId, issuer: 'https://idp.example', ...times })
      return { key: stateHash }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).upstreamRequests.consume(key, NOW),
  },
  'pushedRequests.consume': {
    prepare: async ({ realm, client }) => {
      const referenceHash = sha256(systemRandom.secret())
      await realm.pushedRequests.insert({
        referenceHash,
        clientId: client.clientId,
        parameters: {},
        createdAt: NOW,
        expiresAt: NOW + HOUR,
      })
      return { key: referenceHash }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).pushedRequests.consume(key, NOW),
  },
  'refreshFamilies.rotate': {
    prepare: async (scene) => {
      const family = await insertFamily(scene)
      return { key: family.id, head: family.head }
    },
    attempt: (store, { realmId, key, head }) =>
      rotate({ store, realm: store.realm(realmId) }, aRotation({ id: key, head })),
  },
  'refreshFamilies.consumeRetry': {
    prepare: async (scene) => {
      const family = await insertFamily(scene)
      await rotate(scene, aRotation(family))
      return { key: family.head }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).refreshFamilies.consumeRetry(key, NOW, NOW),
  },
  'refreshFamilies.revoke': {
    prepare: async (scene) => ({ key: (await insertFamily(scene)).id }),
    attempt: (store, { realmId, key }) => store.realm(realmId).refreshFamilies.revoke(key, 'contest', NOW),
  },
  'revocations.remember': {
    prepare: aFreshKey,
    attempt: (store, { realmId, key }) =>
      store.realm(realmId).revocations.remember({ id: key, reason: 'contest', now: NOW, purgeAfter: NOW }),
  },
  'replayMarks.remember': {
    prepare: aFreshKey,
    attempt: (store, { realmId, key }) =>
      store
        .realm(realmId)
        .replayMarks.remember({ kind: 'client_assertion', owner: 'contest', value: key, purgeAfter: NOW }),
  },
  'signingKeys.insertActive': {
    prepare: async () => ({ key: systemRandom.id() }),
    attempt: (store, { realmId, key }) => store.realm(realmId).signingKeys.insertActive(newKey(key)),
  },
  'signingKeys.insertNext': {
    prepare: async () => ({ key: systemRandom.id() }),
    attempt: (store, { realmId, key }) => store.realm(realmId).signingKeys.insertNext(newKey(key)),
  },
  'signingKeys.activate': {
    prepare: async ({ realm }) => {
      const key = newKey(systemRandom.id())
      await realm.signingKeys.insertNext(key)
      return { key: key.kid }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).signingKeys.activate(key, { now: NOW, dueAt: NOW }),
  },
  'signingKeys.leave': {
    prepare: async ({ realm }) => {
      const key = newKey(systemRandom.id())
      await realm.signingKeys.insertActive(key)
      return { key: key.kid }
    },
    attempt: (store, { realmId, key }) => store.realm(realmId).signingKeys.leave(key, { now: NOW, dueAt: NOW }),
  },
  'totpCredentials.consumeStep': {
    prepare: async (scene) => ({ key: await insertTotp(scene) }),
    attempt: (store, { realmId, key }) => store.realm(realmId).totpCredentials.consumeStep(key, STEP),
  },
  'recoveryCodes.consume': {
    prepare: async (scene) => {
      const key = await insertTotp(scene)
      const head = sha256(systemRandom.secret())
      await scene.realm.recoveryCodes.replace(key, [head, sha256(systemRandom.secret())], NOW)
      return { key, head }
    },
    attempt: (store, { realmId, key, head }) => store.realm(realmId).recoveryCodes.consume(key, head, NOW),
  },
  'logoutDeliveries.claim': {
    prepare: async ({ store, realm, client }) => {
      const id = systemRandom.id()
      const { clientId } = client
      const notice = { id, realmId: realm.realmId, clientId, sid: id, userId: 'somebody', createdAt: NOW }
      await store.logoutDeliveries.insert(notice)
      return { key: id }
    },
    // As all of them have read it.
    attempt: (store, { realmId, key }) =>
      store.logoutDeliveries.claim(
        { id: key, realmId, clientId: '', sid: key, userId: '', attempts: 0, createdAt: NOW, nextAttemptAt: NOW },
        NOW + HOUR,
      ),
  },
  'sessionClients.take': {
    prepare: async ({ store, realm, client }) => {
      const sessionId = systemRandom.id()
      const { clientId } = client
      await store.sessionClients.join({
        realmId: realm.realmId,
        sessionId,
        sid: sessionId,
        clientId,
        userId: 'u',
        purgeAfter: NOW,
      })
      return { key: sessionId }
    },
    attempt: (store, { key }) =>
      store.transaction(async ({ sessionClients }) => (await sessionClients.take([key])).length === 1),
  },
  'setupTokens.consume': {
    prepare: async ({ store }) => {
      const key = systemRandom.id()
      await store.setupTokens.replace(key, NOW, NOW + HOUR)
      return { key }
    },
    attempt: (store, { key }) => store.setupTokens.consume(key, NOW),
  },
} satisfies Record<string, Kind>

export type ContestKind = keyof typeof kinds

export const contestKinds = Object.keys(kinds) as ContestKind[]

export const prepareContest = async (scene: Scene, kind: ContestKind): Promise<Contest> => {
  const { key, head = '' } = (await kinds[kind].prepare(scene)) as { key: string; head?: string }
  return { kind, realmId: scene.realm.realmId, key, head }
}

/** A caller that never came to the database, because the machine is slow, comes again: it has done nothing yet. */
const comeAgain = async (attempt: () => Promise<boolean>): Promise<boolean> => {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof StoreUnavailable && NEVER_BEGAN.has(error.message))) throw error
    }
  }
}

const NEVER_BEGAN = new Set([
  'No database connection became free in time',
  'The database was not free to write in time',
])

/** Contests that are held side by side. */
const AT_ONCE = 5

/** How many of the callers won each contest. */
export const countWins = async (store: Store, contests: Contest[], callers: number): Promise<number[]> => {
  const hold = async (contest: Contest): Promise<number> => {
    const attempt = () => comeAgain(() => kinds[contest.kind].attempt(store, contest))
    return (await Promise.all(Array.from({ length: callers }, attempt))).filter(Boolean).length
  }
  const wins: number[] = []
  for (let first = 0; first < contests.length; first += AT_ONCE)
    wins.push(...(await Promise.all(contests.slice(first, first + AT_ONCE).map(hold))))
  return wins
}
