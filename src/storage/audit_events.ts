/** What was decided and done, written in the transaction of what it records. A closed list of types; never a secret. */
import type { Kysely } from 'kysely'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { type ChainedRow, type ChainKeys, chained, GENESIS } from './audit_chain.ts'
import type { AuditEventsTable } from './audit_schema.ts'
import { type Page, parseJson, toPage } from './rows.ts'
import type { Schema } from './schema.ts'

export const AUDIT_EVENT_TYPES = [
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
  'auth_success',
  'auth_failure',
  'logout',
  'session.ended',
  'consent.granted',
  'consent.denied',
  'authorization_code.replayed',
  'refresh_token.reused',
  'token.revoked',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
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
  'audit.removed',
] as const

export const isAuditEventType = (text: string): text is AuditEventType =>
  AUDIT_EVENT_TYPES.some((type) => type === text)

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
  /** Its place in the realm's chain; undefined for events from before there was one. */
  sequence?: number | undefined
}

/** Before it is known which realm's repository takes it. */
export type NewAuditEvent = Omit<AuditEvent, 'realmId' | 'sequence'>

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
  sequence: row.sequence ?? undefined,
})

/** Which events are wanted; every one that is given has to fit. Times in milliseconds, `to` not included. */
export type AuditFilter = {
  type?: string | undefined
  outcome?: string | undefined
  principal?: string | undefined
  target?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

/** Several changes that are one. */
export type Transact = <T>(work: (db: Kysely<Schema>) => Promise<T>) => Promise<T>

const toRow = (realmId: string, event: NewAuditEvent) => ({
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

/** Locks the end of the realm's chain, and nobody has to wait there for more than the commit. */
const append = async (
  transaction: Kysely<Schema>,
  realmId: string,
  { event, keys }: { event: NewAuditEvent; keys: ChainKeys },
): Promise<void> => {
  await transaction
    .updateTable('audit_chains')
    .set((eb) => ({ sequence: eb('sequence', '+', 1) }))
    .where('realm_id', '=', realmId)
    .execute()
  const head = await transaction
    .selectFrom('audit_chains')
    .leftJoin('audit_events', (join) =>
      join
        .onRef('audit_events.realm_id', '=', 'audit_chains.realm_id')
        .on((eb) => eb('audit_events.sequence', '=', eb('audit_chains.sequence', '-', 1))),
    )
    .select(['audit_chains.sequence', 'audit_chains.removed_hash', 'audit_events.hash'])
    .where('audit_chains.realm_id', '=', realmId)
    .executeTakeFirstOrThrow()
  const link = { sequence: Number(head.sequence), previous_hash: head.hash ?? head.removed_hash ?? GENESIS }
  await transaction
    .insertInto('audit_events')
    .values(chained({ ...toRow(realmId, event), ...link }, keys))
    .execute()
}

export const createAuditEvents = (
  db: Kysely<Schema>,
  realmId: string,
  { transact, keys }: { transact: Transact; keys: ChainKeys },
) => ({
  /** The last statement of its transaction; outside of one it is a transaction by itself. */
  insert: (event: NewAuditEvent): Promise<void> =>
    transact((transaction) => append(transaction, realmId, { event, keys })),

  /** Newest first, from before the key `after` (see `next` of the page before). */
  async list(page: { after?: string | undefined; limit: number }, filter: AuditFilter = {}): Promise<Page<AuditEvent>> {
    const [time, id] = (page.after ?? '').split(':')
    const rows = await db
      .selectFrom('audit_events')
      .selectAll()
      .where('realm_id', '=', realmId)
      .$if(filter.type !== undefined, (query) => query.where('type', '=', String(filter.type)))
      .$if(filter.outcome !== undefined, (query) => query.where('outcome', '=', String(filter.outcome)))
      .$if(filter.principal !== undefined, (query) => query.where('principal', '=', String(filter.principal)))
      .$if(filter.target !== undefined, (query) => query.where('target', '=', String(filter.target)))
      .$if(filter.from !== undefined, (query) => query.where('occurred_at', '>=', Number(filter.from)))
      .$if(filter.to !== undefined, (query) => query.where('occurred_at', '<', Number(filter.to)))
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

  /** The end of the chain: the number and the hash of the last event. */
  async head(): Promise<ChainHead> {
    const chain = await db
      .selectFrom('audit_chains')
      .selectAll()
      .where('realm_id', '=', realmId)
      .executeTakeFirstOrThrow()
    const last = await db
      .selectFrom('audit_events')
      .select('hash')
      .where('realm_id', '=', realmId)
      .where('sequence', '=', chain.sequence)
      .executeTakeFirst()
    return {
      sequence: Number(chain.sequence),
      hash: last?.hash ?? chain.removed_hash ?? GENESIS,
      removedThrough: Number(chain.removed_through),
      removedHash: chain.removed_hash ?? GENESIS,
    }
  },

  /** In order, from after that number. */
  async chain(after: number, limit: number): Promise<ChainedRow[]> {
    const rows = await db
      .selectFrom('audit_events')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit)
      .execute()
    return rows as ChainedRow[]
  },

  /**
   * Events from before `endedBefore`, so many at most, oldest first. The chain goes on to begin after them, and has it on record itself:
   * a beginning that is missing without that was taken away. How many went.
   */
  removeOld: (endedBefore: number, limit: number, deps: { clock: Clock; random: Random }): Promise<number> =>
    transact(async (transaction) => {
      const rows = await transaction
        .selectFrom('audit_events')
        .select(['id', 'sequence', 'hash', 'occurred_at'])
        .where('realm_id', '=', realmId)
        .where('occurred_at', '<', endedBefore)
        .orderBy('occurred_at')
        .limit(limit)
        .execute()
      if (rows.length === 0) return 0
      const last = rows.reduce((one, row) => (Number(row.sequence ?? 0) > Number(one.sequence ?? 0) ? row : one))
      const through = Number(last.sequence ?? 0)
      // By number, so that a clock that went back leaves no gap.
      const result = await transaction
        .deleteFrom('audit_events')
        .where('realm_id', '=', realmId)
        .where((eb) =>
          eb.or([
            eb('sequence', '<=', through),
            eb.and([
              eb('sequence', 'is', null),
              eb(
                'id',
                'in',
                rows.map(({ id }) => id),
              ),
            ]),
          ]),
        )
        .executeTakeFirstOrThrow()
      if (through > 0) {
        await transaction
          .updateTable('audit_chains')
          .set({ removed_through: through, removed_hash: last.hash })
          .where('realm_id', '=', realmId)
          .where('removed_through', '<', through)
          .execute()
        const detail = { through, hash: last.hash ?? GENESIS }
        const event = newAuditEvent(deps, undefined, { type: 'audit.removed', detail })
        await append(transaction, realmId, { event, keys })
      }
      return Number(result.numDeletedRows)
    }),
})

export type ChainHead = { sequence: number; hash: string; removedThrough: number; removedHash: string }
