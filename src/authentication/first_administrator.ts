/**
 * The first administrator, from the environment or from the setup link. The version of the administrators' realm is raised
 * first: that locks its row, so of many nodes and requests at the same time one finds no administrator yet (T-AD-16).
 */
import { ADMINISTRATORS_REALM } from '../oauth/realm_settings.ts'
import { newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { Store } from '../storage/store.ts'
import type { User } from '../storage/users.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { SUPER_ADMINISTRATOR } from './administrators.ts'

export type FirstAdministratorDeps = { store: Pick<Store, 'transaction'>; clock: Clock; random: Random }

export type FirstAdministrator = {
  username: string
  passwordHash: string
  /** Undefined where the environment names the administrator. */
  facts: RequestFacts | undefined
  /** Consumed in the same transaction; nothing happens when somebody else did. */
  setupTokenHash?: string
}

/** True for exactly one caller ever. Throws a duplicate-key error when a user without rights has the name. */
export const createFirstAdministrator =
  ({ store, clock, random }: FirstAdministratorDeps) =>
  async (first: FirstAdministrator): Promise<boolean> => {
    const now = clock.now()
    const user: User = {
      realmId: ADMINISTRATORS_REALM,
      id: random.id(),
      username: first.username,
      passwordHash: first.passwordHash,
      passwordChangedAt: now,
      changePassword: false,
      enabled: true,
      roles: [SUPER_ADMINISTRATOR],
      groups: [],
      claims: {},
      identities: [],
      certificate: undefined,
      createdAt: now,
      updatedAt: now,
    }
    return await store.transaction(async (repositories) => {
      await repositories.realms.bumpVersion(ADMINISTRATORS_REALM)
      const administrators = repositories.realm(ADMINISTRATORS_REALM)
      if (await administrators.users.hasAnyWithRole(SUPER_ADMINISTRATOR)) return false
      if (first.setupTokenHash !== undefined && !(await repositories.setupTokens.consume(first.setupTokenHash, now)))
        return false
      await administrators.users.insert(user)
      await administrators.audit.insert(
        newAuditEvent({ clock, random }, first.facts, {
          type: 'administrator.created',
          principal: user.username,
          target: user.id,
          detail: { by: first.setupTokenHash === undefined ? 'environment' : 'setup_link' },
        }),
      )
      return true
    })
  }
