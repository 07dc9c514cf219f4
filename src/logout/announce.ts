/** OpenID Connect Back-Channel Logout 1.0 §2.5 – when a session ends, a notice for each client that knows it is written down. */
import type { SessionEnds } from '../sessions/sessions.ts'
import type { LogoutNotice } from '../storage/logout_deliveries.ts'
import type { SessionClient } from '../storage/session_clients.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import { removeInBatches } from '../system/collector.ts'
import type { Random } from '../system/random.ts'

export type AnnounceDeps = {
  store: Pick<Store, 'transaction' | 'sessionClients'>
  clock: Clock
  random: Random
  /** There is something to deliver. */
  wake: () => void
}

type Repositories = Parameters<Parameters<Store['transaction']>[0]>[0]

/** Clients of a realm at a time, and sessions of a list. */
const BATCH = 200

const inBatches = (ids: string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) => ids.slice(index * BATCH, (index + 1) * BATCH))

export const createAnnounce = ({ store, clock, random, wake }: AnnounceDeps): SessionEnds => {
  const toNotice = ({ realmId, clientId, sid, userId }: SessionClient): LogoutNotice => ({
    id: random.id(),
    realmId,
    clientId,
    sid,
    userId,
    createdAt: clock.now(),
  })

  /** Only clients that are told by this server; the others are told by the browser, or not at all. */
  const isTold = async (repositories: Repositories, { realmId, clientId }: SessionClient): Promise<boolean> => {
    const client = await repositories.realm(realmId).clients.find(clientId)
    return client?.enabled === true && client.metadata.backchannel_logout_uri !== undefined
  }

  /** One transaction: a client leaves the session exactly when its notice exists. How many clients were in it. */
  const tell = async (take: (repositories: Repositories) => Promise<SessionClient[]>): Promise<number> => {
    const { left, written } = await store.transaction(async (repositories) => {
      const leaving = await take(repositories)
      let count = 0
      for (const client of leaving) {
        if (!(await isTold(repositories, client))) continue
        await repositories.logoutDeliveries.insert(toNotice(client))
        count += 1
      }
      return { left: leaving.length, written: count }
    })
    if (written > 0) wake()
    return left
  }

  return {
    async announce(sessionIds) {
      for (const batch of inBatches(sessionIds)) await tell(({ sessionClients }) => sessionClients.take(batch))
    },

    async announceRealm(realmId) {
      const tellSome = (): Promise<number> => tell(({ sessionClients }) => sessionClients.takeOfRealm(realmId, BATCH))
      await removeInBatches(tellSome)
    },

    async carryOver(before, after) {
      await store.sessionClients.move(before.sessionId, { sessionId: after.sessionId, purgeAfter: after.expiresAt })
    },
  }
}
