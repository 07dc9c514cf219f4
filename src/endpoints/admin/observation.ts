/** What an administrator can look at: themselves, and the sessions and the audit of a realm. */
import type { FastifyRequest } from 'fastify'
import { queryParameters } from '../../http/form.ts'
import { OAuthError } from '../../oauth/errors.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { type AuditEvent, type AuditFilter, isAuditEventType } from '../../storage/audit_events.ts'
import { toSeconds } from '../../system/clock.ts'
import { toWire as sessionToWire } from '../sessions.ts'
import type { Principal } from './administrator.ts'
import type { Paging } from './paging.ts'
import type { Rows } from './row.ts'

export type ObservationDeps = { rows: Rows; paging: Paging; sessions: Pick<Sessions, 'list'> }

const FILTERS = ['type', 'outcome', 'principal', 'target', 'from', 'to', 'limit', 'cursor']

const readTime = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (!/^[0-9]{1,11}$/.test(text))
    throw new OAuthError('invalid_request', `${name} must be seconds since 1970-01-01T00:00:00Z`)
  return Number(text) * 1000
}

/** Throws invalid_request with the name of what is wrong. */
const readFilter = (request: FastifyRequest): AuditFilter => {
  const query = queryParameters(request.url)
  if (!query.names().every((name) => FILTERS.includes(name)))
    throw new OAuthError('invalid_request', `Only these parameters are known here: ${FILTERS.join(', ')}`)
  const type = query.get('type')
  if (type !== undefined && !isAuditEventType(type))
    throw new OAuthError('invalid_request', 'type is not one of an event')
  const outcome = query.get('outcome')
  if (outcome !== undefined && outcome !== 'success' && outcome !== 'failure')
    throw new OAuthError('invalid_request', 'outcome must be success or failure')
  const [from, to] = [readTime('from', query.get('from')), readTime('to', query.get('to'))]
  return { type, outcome, principal: query.get('principal'), target: query.get('target'), from, to }
}

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
  sequence: event.sequence ?? null,
})

const selfOf = (by: Principal): object =>
  by.kind === 'user'
    ? { username: by.user.username, sub: by.user.id, roles: by.user.roles }
    : { api_key: by.key.id, name: by.key.name, roles: by.key.roles, scopes: by.key.scopes }

export const createObservationEndpoints = ({ rows, paging, sessions }: ObservationDeps) => [
  rows.ofServer('GET', '/me', async ({ administrator: { by, isSuper, realms } }) => ({
    body: { ...selfOf(by), super_administrator: isSuper, realms },
  })),

  rows.ofRealm('GET', '/session', async ({ request }, realm) => {
    const list = `sessions of ${realm.id}`
    return { body: paging.answer(await sessions.list(realm.id, paging.read(request, list)), list, sessionToWire) }
  }),

  rows.ofRealm('GET', '/audit', async ({ request }, realm) => {
    const filter = readFilter(request)
    const list = `audit of ${realm.id} ${JSON.stringify(filter)}`
    const page = await realm.store.audit.list(paging.read(request, list), filter)
    return { body: paging.answer(page, list, eventToWire) }
  }),
]
