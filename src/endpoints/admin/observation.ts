/** What an administrator can look at: themselves, and the sessions and the audit of a realm. */
import type { Sessions } from '../../sessions/sessions.ts'
import type { AuditEvent } from '../../storage/audit_events.ts'
import { toSeconds } from '../../system/clock.ts'
import { toWire as sessionToWire } from '../sessions.ts'
import type { Paging } from './paging.ts'
import type { Rows } from './row.ts'

export type ObservationDeps = { rows: Rows; paging: Paging; sessions: Pick<Sessions, 'list'> }

const eventToWire = (event: AuditEvent) => ({
  id: event.id,
  occurred_at: toSeconds(event.occurredAt),
  type: event.type,
  outcome: event.outcome,
  principal: event.principal ?? null,
  target: event.target ?? null,
  ip: event.ip ?? null,
  request_id: event.requestId ?? null,
  detail: event.detail,
})

export const createObservationEndpoints = ({ rows, paging, sessions }: ObservationDeps) => [
  rows.ofServer('GET', '/me', async ({ administrator: { user, isSuper, realms } }) => ({
    body: { username: user.username, sub: user.id, roles: user.roles, super_administrator: isSuper, realms },
  })),

  rows.ofRealm('GET', '/session', async ({ request }, realm) => {
    const list = `sessions of ${realm.id}`
    return { body: paging.answer(await sessions.list(realm.id, paging.read(request, list)), list, sessionToWire) }
  }),

  rows.ofRealm('GET', '/audit', async ({ request }, realm) => {
    const list = `audit of ${realm.id}`
    return { body: paging.answer(await realm.store.audit.list(paging.read(request, list)), list, eventToWire) }
  }),
]
