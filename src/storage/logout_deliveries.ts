/**
 * OpenID Connect Back-Channel Logout 1.0 §2.5 – the notices that clients are still to be given. A delivery is taken on by moving
 * its next attempt ahead, which one node alone can do; should that node die, it is due again when the time has come.
 */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { LogoutDeliveriesTable, Schema } from './schema.ts'

export type LogoutDelivery = {
  id: string
  realmId: string
  clientId: string
  sid: string
  userId: string
  /** Begun so far. */
  attempts: number
  createdAt: number
  nextAttemptAt: number
}

/** As it is written down. */
export type LogoutNotice = Omit<LogoutDelivery, 'attempts' | 'nextAttemptAt'>

const toDelivery = (row: LogoutDeliveriesTable): LogoutDelivery => ({
  id: row.id,
  realmId: row.realm_id,
  clientId: row.client_id,
  sid: row.sid,
  userId: row.user_id,
  attempts: row.attempts,
  createdAt: row.created_at,
  nextAttemptAt: row.next_attempt_at,
})

export const createLogoutDeliveries = (db: Kysely<Schema>) => ({
  async insert(delivery: LogoutNotice): Promise<void> {
    await db
      .insertInto('logout_deliveries')
      .values({
        id: delivery.id,
        realm_id: delivery.realmId,
        client_id: delivery.clientId,
        sid: delivery.sid,
        user_id: delivery.userId,
        attempts: 0,
        created_at: delivery.createdAt,
        next_attempt_at: delivery.createdAt,
      })
      .execute()
  },

  /** Those whose time has come, the longest waiting first; of one client and session only the oldest. */
  async listDue(now: number, { limit, notOf }: { limit: number; notOf: string[] }): Promise<LogoutDelivery[]> {
    const rows = await db
      .selectFrom('logout_deliveries as due')
      .selectAll('due')
      .where('due.next_attempt_at', '<=', now)
      .$if(notOf.length > 0, (query) => query.where('due.client_id', 'not in', notOf))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('logout_deliveries as older')
              .select('older.id')
              .whereRef('older.realm_id', '=', 'due.realm_id')
              .whereRef('older.client_id', '=', 'due.client_id')
              .whereRef('older.sid', '=', 'due.sid')
              .whereRef('older.created_at', '<', 'due.created_at'),
          ),
        ),
      )
      .orderBy('due.next_attempt_at')
      .limit(limit)
      .execute()
    return rows.map(toDelivery)
  },

  /** True for exactly one caller, who has until `nextAttemptAt` to deliver it. */
  async claim({ id, attempts }: LogoutDelivery, nextAttemptAt: number): Promise<boolean> {
    const result = await db
      .updateTable('logout_deliveries')
      .set({ attempts: attempts + 1, next_attempt_at: nextAttemptAt })
      .where('id', '=', id)
      .where('attempts', '=', attempts)
      .executeTakeFirstOrThrow()
    return isOne(result.numUpdatedRows)
  },

  /** By whoever claimed it as it was given; without effect when it is somebody else's by now. */
  async postpone({ id, attempts }: LogoutDelivery, nextAttemptAt: number): Promise<void> {
    await db
      .updateTable('logout_deliveries')
      .set({ next_attempt_at: nextAttemptAt })
      .where('id', '=', id)
      .where('attempts', '=', attempts + 1)
      .execute()
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('logout_deliveries').where('id', '=', id).execute()
  },
})
