/**
 * OpenID Connect Back-Channel Logout 1.0 §2.3 – which clients know a session, and by which `sid`: written with the code that brings a client into it, taken when the session
 * ends. Not bound to a realm, because sessions end by their ids, which no two realms share.
 */
import type { Kysely } from 'kysely'
import { isOne } from './rows.ts'
import type { Schema, SessionClientsTable } from './schema.ts'

export type SessionClient = {
  realmId: string
  sessionId: string
  clientId: string
  /** The session as this client was told of it. */
  sid: string
  userId: string
  /** When the session is over in any case. */
  purgeAfter: number
}

const toSessionClient = (row: SessionClientsTable): SessionClient => ({
  realmId: row.realm_id,
  sessionId: row.session_id,
  clientId: row.client_id,
  sid: row.sid,
  userId: row.user_id,
  purgeAfter: row.purge_after,
})

export const createSessionClients = (db: Kysely<Schema>) => {
  /** The rows that this caller, and no other one, removed. */
  const takeRows = async (rows: SessionClientsTable[]): Promise<SessionClient[]> => {
    const taken: SessionClient[] = []
    for (const row of rows) {
      const result = await db
        .deleteFrom('session_clients')
        .where('session_id', '=', row.session_id)
        .where('client_id', '=', row.client_id)
        .where('sid', '=', row.sid)
        .executeTakeFirstOrThrow()
      if (isOne(result.numDeletedRows)) taken.push(toSessionClient(row))
    }
    return taken
  }

  return {
    /** Once, however often a client comes back. Throws a duplicate-key error for one of two that come at the same time. */
    async join(member: SessionClient): Promise<void> {
      const known = await db
        .updateTable('session_clients')
        .set({ purge_after: member.purgeAfter })
        .where('session_id', '=', member.sessionId)
        .where('client_id', '=', member.clientId)
        .where('sid', '=', member.sid)
        .executeTakeFirstOrThrow()
      if (known.numUpdatedRows > 0n) return
      await db
        .insertInto('session_clients')
        .values({
          realm_id: member.realmId,
          session_id: member.sessionId,
          client_id: member.clientId,
          sid: member.sid,
          user_id: member.userId,
          purge_after: member.purgeAfter,
        })
        .execute()
    },

    async list(sessionId: string): Promise<SessionClient[]> {
      const rows = await db.selectFrom('session_clients').selectAll().where('session_id', '=', sessionId).execute()
      return rows.map(toSessionClient)
    },

    /** The same clients know the session that replaced theirs. */
    async move(sessionId: string, to: { sessionId: string; purgeAfter: number }): Promise<void> {
      await db
        .updateTable('session_clients')
        .set({ session_id: to.sessionId, purge_after: to.purgeAfter })
        .where('session_id', '=', sessionId)
        .execute()
    },

    /** Everything known of the sessions: each row goes to exactly one caller. Call it in a transaction. */
    async take(sessionIds: string[]): Promise<SessionClient[]> {
      if (sessionIds.length === 0) return []
      const rows = await db.selectFrom('session_clients').selectAll().where('session_id', 'in', sessionIds).execute()
      return await takeRows(rows)
    },

    /** The same for a whole realm, at most `limit` at a time. */
    async takeOfRealm(realmId: string, limit: number): Promise<SessionClient[]> {
      const rows = await db
        .selectFrom('session_clients')
        .selectAll()
        .where('realm_id', '=', realmId)
        .limit(limit)
        .execute()
      return await takeRows(rows)
    },
  }
}
