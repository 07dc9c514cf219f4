/** The session store over SQLite, PostgreSQL and MySQL/MariaDB. The idle time in a row never lies past the absolute one. */
import type { Kysely } from 'kysely'
import type { Database } from '../storage/database.ts'
import { fromFlag, parseJson, toFlag, toPage } from '../storage/rows.ts'
import type { SessionsSchema, SessionsTable } from '../storage/sessions_schema.ts'
import { endOf } from './session_lifetime.ts'
import type { Session, SessionKind, SessionStore } from './session_store.ts'

/** Ids in one statement: bounds its size and how long it locks rows. */
const BATCH = 500

const toSession = (row: SessionsTable): Session => ({
  sessionId: row.session_id,
  realmId: row.realm_id,
  kind: row.kind as SessionKind,
  userId: row.user_id,
  username: row.username,
  authScheme: row.auth_scheme,
  amr: parseJson(row.amr),
  authTime: row.auth_time,
  restricted: fromFlag(row.restricted),
  maxAgeSeconds: row.max_age_seconds,
  maxStaleAgeSeconds: row.max_stale_age_seconds,
  ip: row.ip ?? undefined,
  userAgent: row.user_agent ?? undefined,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  idleExpiresAt: row.idle_expires_at,
  expiresAt: row.expires_at,
})

const toRow = (session: Session, secretHash: string): SessionsTable => ({
  session_id: session.sessionId,
  secret_hash: secretHash,
  realm_id: session.realmId,
  kind: session.kind,
  user_id: session.userId,
  username: session.username,
  auth_scheme: session.authScheme,
  amr: JSON.stringify(session.amr),
  auth_time: session.authTime,
  restricted: toFlag(session.restricted),
  max_age_seconds: session.maxAgeSeconds,
  max_stale_age_seconds: session.maxStaleAgeSeconds,
  ip: session.ip ?? null,
  user_agent: session.userAgent ?? null,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  idle_expires_at: endOf(session),
  expires_at: session.expiresAt,
})

const batchesOf = <T>(items: T[]): T[][] => {
  const batches: T[][] = []
  for (let start = 0; start < items.length; start += BATCH) batches.push(items.slice(start, start + BATCH))
  return batches
}

const deleteByIds = async (db: Kysely<SessionsSchema>, sessionIds: string[]): Promise<number> => {
  let deleted = 0
  for (const batch of batchesOf(sessionIds)) {
    const result = await db.deleteFrom('sessions').where('session_id', 'in', batch).executeTakeFirstOrThrow()
    deleted += Number(result.numDeletedRows)
  }
  return deleted
}

export const createSqlSessionStore = (database: Database<SessionsSchema>): SessionStore => {
  const { db } = database

  const live = (now: number) =>
    db.selectFrom('sessions').where('idle_expires_at', '>', now).where('expires_at', '>', now)

  const liveInRealm = (realmId: string, now: number) => live(now).where('realm_id', '=', realmId)

  return {
    async insert(session, secretHash) {
      await db.insertInto('sessions').values(toRow(session, secretHash)).execute()
    },

    async findBySecret(realmId, kind, secretHash, now) {
      const row = await liveInRealm(realmId, now)
        .selectAll()
        .where('secret_hash', '=', secretHash)
        .where('kind', '=', kind)
        .executeTakeFirst()
      return row && toSession(row)
    },

    async find(sessionId, now) {
      const row = await live(now).selectAll().where('session_id', '=', sessionId).executeTakeFirst()
      return row && toSession(row)
    },

    async slide(sessionId, { lastSeenAt, idleExpiresAt }) {
      await db
        .updateTable('sessions')
        .set((eb) => ({
          last_seen_at: lastSeenAt,
          idle_expires_at: eb
            .case()
            .when('expires_at', '<', idleExpiresAt)
            .then(eb.ref('expires_at'))
            .else(idleExpiresAt)
            .end(),
        }))
        .where('session_id', '=', sessionId)
        .where('last_seen_at', '<', lastSeenAt)
        .where('idle_expires_at', '>', lastSeenAt)
        .where('idle_expires_at', '<=', idleExpiresAt)
        .where('expires_at', '>', lastSeenAt)
        .execute()
    },

    async list(realmId, page, now) {
      const rows = await liveInRealm(realmId, now)
        .selectAll()
        .where('session_id', '>', page.after ?? '')
        .orderBy('session_id')
        .limit(page.limit + 1)
        .execute()
      return toPage(rows.map(toSession), page.limit, (session) => session.sessionId)
    },

    async listIdsByOwners(realmId, owners, now) {
      const found: string[] = []
      for (const batch of batchesOf(owners)) {
        const rows = await liveInRealm(realmId, now)
          .select('session_id')
          .where((eb) =>
            eb.or(
              batch.map(({ username, authScheme }) =>
                eb.and([eb('username', '=', username), eb('auth_scheme', '=', authScheme)]),
              ),
            ),
          )
          .execute()
        found.push(...rows.map((row) => row.session_id))
      }
      return [...new Set(found)].sort()
    },

    async listIdsByUser(realmId, userId, now) {
      const rows = await liveInRealm(realmId, now)
        .select('session_id')
        .where('user_id', '=', userId)
        .orderBy('session_id')
        .execute()
      return rows.map((row) => row.session_id)
    },

    delete: (sessionIds) => deleteByIds(db, sessionIds),

    async deleteByRealm(realmId) {
      await db.deleteFrom('sessions').where('realm_id', '=', realmId).execute()
    },

    async deleteExpired(now, limit) {
      const rows = await db
        .selectFrom('sessions')
        .select('session_id')
        .where('idle_expires_at', '<=', now)
        .orderBy('idle_expires_at')
        .limit(limit)
        .execute()
      // A session that slid since it was read lives on: the delete asks again.
      let deleted = 0
      for (const batch of batchesOf(rows.map((row) => row.session_id))) {
        const result = await db
          .deleteFrom('sessions')
          .where('session_id', 'in', batch)
          .where('idle_expires_at', '<=', now)
          .executeTakeFirstOrThrow()
        deleted += Number(result.numDeletedRows)
      }
      return deleted
    },

    check: () => database.check(),
    close: () => database.close(),
  }
}
