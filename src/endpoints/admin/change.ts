/** One administrative change: what changes, the version that tells the other nodes, and the audit event – all or nothing. */
import type { FastifyRequest } from 'fastify'
import { type Rights, rightsOf } from '../../authentication/administrators.ts'
import { isUsable, rightsOfApiKey } from '../../authentication/api_key.ts'
import { factsOf } from '../../http/request_facts.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { ADMINISTRATORS_REALM } from '../../oauth/realm_settings.ts'
import { type AuditEvent, type AuditEventType, newAuditEvent } from '../../storage/audit_events.ts'
import type { RealmDirectory } from '../../storage/realm_directory.ts'
import type { RealmStore, Store } from '../../storage/store.ts'
import type { Clock } from '../../system/clock.ts'
import { constantTimeEquals } from '../../system/hashing.ts'
import type { Random } from '../../system/random.ts'
import { type Administrator, notFound, principalOf } from './administrator.ts'

export type ChangeDeps = {
  store: Pick<Store, 'transaction'>
  realms: Pick<RealmDirectory, 'forget'>
  clock: Clock
  random: Random
}

const NO_RIGHTS: Rights = { isSuper: false, realms: [] }

type Repositories = Parameters<Parameters<Store['transaction']>[0]>[0]

export type Change = {
  request: FastifyRequest
  administrator: Administrator
  realmId: string
  type: AuditEventType
  target: string
  detail?: AuditEvent['detail']
}

/** T-AD-04 – the right, too, as it is inside the transaction: it may have been taken since the request came in. */
const rightsNow = async (repositories: Repositories, { by }: Administrator, now: number): Promise<Rights> => {
  if (by.kind === 'user') {
    const user = await repositories.realm(ADMINISTRATORS_REALM).users.find(by.user.id)
    return rightsOf(user?.enabled ? user.roles : [])
  }
  const key = await repositories.apiKeys.find(by.key.id)
  const isStill = key !== undefined && isUsable(key, now) && constantTimeEquals(key.secretHash, by.key.secretHash)
  return isStill ? rightsOfApiKey(key) : NO_RIGHTS
}

const requireStill = async (
  repositories: Repositories,
  { administrator, realmId }: Change,
  now: number,
): Promise<void> => {
  const rights = await rightsNow(repositories, administrator, now)
  if (!rights.isSuper && !rights.realms.includes(realmId))
    throw new OAuthError('forbidden', 'Only an administrator may do this')
}

export const createMakeChange =
  (deps: ChangeDeps) =>
  async <T>(change: Change, work: (realmStore: RealmStore, repositories: Repositories) => Promise<T>): Promise<T> => {
    const { type, target, detail } = change
    const principal = principalOf(change.administrator)
    const event = newAuditEvent(deps, factsOf(change.request), { type, principal, target, detail })
    try {
      return await deps.store.transaction(async (repositories) => {
        // First of all: it locks the realm's row, so that what is checked below still holds when it is written.
        await repositories.realms.bumpVersion(change.realmId)
        if ((await repositories.realms.findVersion(change.realmId)) === undefined) throw notFound()
        await requireStill(repositories, change, deps.clock.now())
        const realmStore = repositories.realm(change.realmId)
        const result = await work(realmStore, repositories)
        await realmStore.audit.insert(event)
        return result
      })
    } finally {
      deps.realms.forget(change.realmId)
    }
  }

export type MakeChange = ReturnType<typeof createMakeChange>
