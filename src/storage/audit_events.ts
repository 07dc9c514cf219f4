/** What was decided and done, written in the transaction of what it records. A closed list of types; never a secret. */
import type { Kysely } from 'kysely'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { type Page, parseJson, toPage } from './rows.ts'
import type { AuditEventsTable, Schema } from './schema.ts'

const AUDIT_EVENT_TYPES = [
  'administrator.created',
  'realm.created',
  'realm.updated',
  'realm.deleted',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.password_changed',
  'client.created',
  'client.updated',
  'client.deleted',
  'client.secret_rotated',
  'login.succeeded',
  'login.failed',
  'logout',
  'session.ended',
  'consent.granted',
  'consent.denied',
  'client_authentication.failed',
  'authorization_code.replayed',
  'refresh_token.reused',
  'token.revoked',
  'signing_key.created',
  'signing_key.activated',
  'signing_key.retired',
  'signing_key.revoked',
  'user.totp_enabled',
  'user.totp_disabled',
  'user.recovery_codes_replaced',
  'user.recovery_code_used',
  'user.certificate_changed',
  'rate_limit.reached',
] as const

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number]

export type AuditEvent = {
  id: string
  realmId: string
  occurredAt: number
  type: AuditEventType
  outcome: 'success' | 'failure'
  /** Who did it: a username, a client_id, or undefined when nobody is known. */
  principal: string | undefined
  /** What it was done to. */
  target: string | undefined
  ip: string | undefined
  requestId: string | undefined
  detail: Record<string, string | number | boolean | string[]>
}

/** Before it is known which realm's repository takes it. */
export type NewAuditEvent = Omit<AuditEvent, 'realmId'>

/** Where a request came from, and which one it was in the log. */
export type RequestFacts = { ip: string; requestId: string }

type Recorded = Pick<AuditEvent, 'type'> & Partial<Pick<AuditEvent, 'outcome' | 'principal' | 'target' | 'detail'>>

/** A success, unless it says otherwise. `facts` undefined: no request was behind it. */
export const newAuditEvent = (
  { clock, random }: { clock: Clock; random: Random },
  facts: RequestFacts | undefined,
  { type, outcome = 'success', principal, target, detail = {} }: Recorded,
): NewAuditEvent => ({
  id: random.id(),
  occurredAt: clock.now(),
  type,
  outcome,
  principal,
  target,
  ip: facts?.ip,
  requestId: facts?.requestId,
  detail,
})

const toEvent = (row: AuditEventsTable): AuditEvent => ({
  id: row.id,
  realmId: row.realm_id,
  occurredAt: row.occurred_at,
  type: row.type as AuditEventType,
  outcome: row.outcome as AuditEvent['outcome'],
  principal: row.principal ?? undefined,
  target: row.target ?? undefined,
  ip: row.ip ?? undefined,
  requestId: row.request_id ?? undefined,
  detail: parseJson(row.detail),
})

export const createAuditEvents = (db: Kysely<Schema>, realmId: string) => ({
  async insert(event: NewAuditEvent): Promise<void> {
    await db
      .insertInto('audit_events')
      .values({
        id: event.id,
        realm_id: realmId,
        occurred_at: event.occurredAt,
        type: event.type,
        outcome: event.outcome,
        principal: event.principal ?? null,
        target: event.target ?? null,
        ip: event.ip ?? null,
        request_id: event.requestId ?? null,
        detail: JSON.stringify(event.detail),
      })
      .execute()
  },

  /** Newest first, from before the key `after` (see `next` of the page before). */
  async list(page: { after?: string | undefined; limit: number }): Promise<Page<AuditEvent>> {
    const [time, id] = (page.after ?? '').split(':')
    const rows = await db
      .selectFrom('audit_events')
      .selectAll()
      .where('realm_id', '=', realmId)
      .$if(id !== undefined, (query) =>
        query.where((eb) =>
          eb.or([
            eb('occurred_at', '<', Number(time)),
            eb.and([eb('occurred_at', '=', Number(time)), eb('id', '<', String(id))]),
          ]),
        ),
      )
      .orderBy('occurred_at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute()
    return toPage(rows.map(toEvent), page.limit, (event) => `${event.occurredAt}:${event.id}`)
  },
})
