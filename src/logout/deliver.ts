/** OpenID Connect Back-Channel Logout 1.0 §2.5 – brings the notices to the clients, again and again until they are taken, for a day. */
import { OAuthError } from '../oauth/errors.ts'
import type { LogoutDelivery } from '../storage/logout_deliveries.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import type { Store } from '../storage/store.ts'
import type { Log } from '../system/log.ts'
import { type Outbound, OutboundError } from '../system/outbound.ts'
import { createMakeLogoutToken, type LogoutTokenDeps } from './logout_token.ts'

const TIMEOUT_MS = 5_000
/** Longer than an attempt can take: whoever holds a delivery for so long is no more. */
const LEASE_MS = 60_000
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 3_600_000
const GIVE_UP_MS = 86_400_000
/** Under way on this node, in all and to one client: a client that does not answer keeps nobody else waiting. */
const MAX_IN_ALL = 16
const MAX_PER_CLIENT = 4

export type DeliverDeps = LogoutTokenDeps & {
  store: Pick<Store, 'logoutDeliveries'>
  realms: Pick<RealmDirectory, 'open'>
  outbound: Pick<Outbound, 'postNotice'>
  log: Log
  /** There is room again. */
  ended: () => void
}

const pauseAfter = (attempts: number): number => Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS)

export const createDeliver = (deps: DeliverDeps) => {
  const { store, realms, outbound, clock, log, ended } = deps
  const makeLogoutToken = createMakeLogoutToken(deps)
  const underWay = new Map<Promise<void>, LogoutDelivery>()

  /** False when there is nobody to tell any more. Throws OutboundError, and OAuthError where the client has no key to encrypt to. */
  const post = async (delivery: LogoutDelivery): Promise<boolean> => {
    const realm = await realms.open(delivery.realmId)
    const client = await realm?.findClient(delivery.clientId)
    // T-SS-05 – from the registration alone, as it is now.
    const uri = client?.enabled ? client.metadata.backchannel_logout_uri : undefined
    if (!realm || !client || uri === undefined) return false
    const token = await makeLogoutToken(realm, client, delivery)
    await outbound.postNotice(uri, { logout_token: token }, TIMEOUT_MS)
    return true
  }

  const describe = ({ realmId, clientId, attempts }: LogoutDelivery) => ({
    realm: realmId,
    client_id: clientId,
    attempts: attempts + 1,
  })

  const fail = async (delivery: LogoutDelivery, error: unknown): Promise<void> => {
    const next = clock.now() + pauseAfter(delivery.attempts)
    if (next - delivery.createdAt <= GIVE_UP_MS) {
      log.warn({ ...describe(delivery), err: error }, 'a client could not be told of a logout')
      await store.logoutDeliveries.postpone(delivery, next)
    } else {
      log.error({ ...describe(delivery), err: error }, 'a client will not be told of a logout')
      await store.logoutDeliveries.delete(delivery.id)
    }
  }

  const attempt = async (delivery: LogoutDelivery): Promise<void> => {
    try {
      await post(delivery)
      await store.logoutDeliveries.delete(delivery.id)
    } catch (error) {
      // Anything else is our own trouble: the lease ends, and then it is due again.
      if (!(error instanceof OutboundError || error instanceof OAuthError)) throw error
      await fail(delivery, error.cause)
    }
  }

  const begin = (delivery: LogoutDelivery): void => {
    const running = attempt(delivery)
      .catch((error: unknown) => log.error({ ...describe(delivery), err: error }, 'a logout was not delivered'))
      .finally(() => {
        underWay.delete(running)
        ended()
      })
    underWay.set(running, delivery)
  }

  const busyClients = (): string[] => {
    const byClient = Map.groupBy(underWay.values(), ({ clientId }) => clientId)
    return [...byClient].flatMap(([clientId, own]) => (own.length < MAX_PER_CLIENT ? [] : [clientId]))
  }

  return {
    /** Takes on as much of what is due as there is room for; how much. It goes on by itself. */
    async takeOn(): Promise<number> {
      const now = clock.now()
      const room = MAX_IN_ALL - underWay.size
      if (room <= 0) return 0
      const due = await store.logoutDeliveries.listDue(now, { limit: room, notOf: busyClients() })
      let taken = 0
      for (const delivery of due) {
        if (busyClients().includes(delivery.clientId)) continue
        if (!(await store.logoutDeliveries.claim(delivery, now + LEASE_MS))) continue
        begin(delivery)
        taken += 1
      }
      return taken
    },

    async allEnded(): Promise<void> {
      await Promise.all(underWay.keys())
    },
  }
}
