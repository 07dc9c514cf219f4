/**
 * The session store over Redis. A session's time to live there is what it has left, and expiry is also judged by the clock of
 * this process, as in the SQL stores. What Redis cannot answer is StoreUnavailable, at once or within 300 ms: nothing is
 * queued or sent again, so that a login or logout never happens later than the caller was told.
 */
import type { Result } from 'ioredis'
import { toPage } from '../storage/rows.ts'
import { StoreUnavailable } from '../storage/store_unavailable.ts'
import { constantTimeEquals } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import { connectRedis, isRefusal, untilReady, warnOfEviction } from './redis_connection.ts'
import { CHECK_KEY, realmKey, scripts, secretKey, sessionKey, userKey, usernameKey } from './redis_scripts.ts'
import { endOf, isLive } from './session_lifetime.ts'
import type { Session, SessionStore } from './session_store.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    insertSession(...keysAndArguments: (string | number)[]): Result<number, Context>
    slideSession(key: string, lastSeenAt: number, idleExpiresAt: number): Result<number, Context>
    deleteSessions(numberOfKeys: number, ...keys: string[]): Result<number, Context>
  }
}

/** Keys in one command: bounds how long Redis is busy with it. */
const BATCH = 500

const FIELDS = ['document', 'secret_hash', 'last_seen_at', 'idle_expires_at'] as const

type Stored = { session: Session; secretHash: string }

const toStored = (fields: unknown): Stored | undefined => {
  const [document, secretHash, lastSeenAt, idleExpiresAt] = fields as (string | null)[]
  if (typeof document !== 'string' || typeof secretHash !== 'string') return undefined
  const session = JSON.parse(document) as Session
  return {
    secretHash,
    session: {
      ...session,
      // JSON has no undefined.
      ip: session.ip,
      userAgent: session.userAgent,
      lastSeenAt: Number(lastSeenAt),
      idleExpiresAt: Number(idleExpiresAt),
    },
  }
}

/** Ours, not the store's: nobody should wait for it to go away. */
const isMistake = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof SyntaxError ||
  (error instanceof Error && error.message.startsWith('WRONGTYPE'))

const unavailable = (cause: unknown): StoreUnavailable =>
  new StoreUnavailable('the session store did not answer', { cause })

export const createRedisSessionStore = (url: string, log: Log): SessionStore => {
  const redis = connectRedis(url, log, {
    what: 'the session store',
    scripts,
    onReady: (connection) => warnOfEviction(connection, log),
  })

  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question()
    } catch (error) {
      if (isMistake(error)) throw error
      throw unavailable(error)
    }
  }

  let wasReady = false

  const connect = async (): Promise<void> => {
    try {
      await untilReady(redis)
    } catch (error) {
      if (isRefusal(error)) throw new Error(`The session store refuses this server: ${error.message}`, { cause: error })
      throw unavailable(error)
    }
  }

  /** The first connection is waited for, until it fails; a lost one is not. */
  const untilFirstReady = async (): Promise<void> => {
    if (wasReady) return
    await connect()
    wasReady = true
  }

  const read = async (sessionId: string): Promise<Stored | undefined> =>
    toStored(await redis.hmget(sessionKey(sessionId), ...FIELDS))

  /** In the order of the ids, without those that are gone; their ids leave the index. */
  const readAll = async (index: string, sessionIds: string[]): Promise<Session[]> => {
    const pipeline = redis.pipeline()
    for (const sessionId of sessionIds) pipeline.hmget(sessionKey(sessionId), ...FIELDS)
    const answers = (await pipeline.exec()) ?? []
    const stored = answers.map(([error, fields]) => {
      if (error) throw error
      return toStored(fields)
    })
    const gone = sessionIds.filter((_, position) => stored[position] === undefined)
    if (gone.length > 0) await redis.zrem(index, ...gone)
    return stored.flatMap((each) => (each ? [each.session] : []))
  }

  /** Sessions of an index from after an id, in order of id, at least `wanted` of them when there are so many. */
  const readIndex = async (
    index: string,
    after: string | undefined,
    wanted: number,
    now: number,
  ): Promise<Session[]> => {
    const found: Session[] = []
    let from = after === undefined ? '-' : `(${after}`
    while (found.length < wanted) {
      const ids = await redis.zrangebylex(index, from, '+', 'LIMIT', 0, Math.min(wanted, BATCH))
      const last = ids.at(-1)
      if (last === undefined) break
      found.push(...(await readAll(index, ids)).filter((session) => isLive(session, now)))
      from = `(${last}`
    }
    return found
  }

  const deleteIds = async (sessionIds: string[]): Promise<number> => {
    let deleted = 0
    for (let start = 0; start < sessionIds.length; start += BATCH) {
      const keys = sessionIds.slice(start, start + BATCH).map(sessionKey)
      deleted += await redis.deleteSessions(keys.length, ...keys)
    }
    return deleted
  }

  return {
    async insert(session, secretHash) {
      const { lastSeenAt, expiresAt } = session
      const idleExpiresAt = endOf(session)
      const inserted = await ask(() =>
        redis.insertSession(
          sessionKey(session.sessionId),
          secretKey(secretHash),
          realmKey(session.realmId),
          userKey(session.realmId, session.userId),
          usernameKey(session.realmId, session.username),
          session.sessionId,
          JSON.stringify(session),
          secretHash,
          lastSeenAt,
          idleExpiresAt,
          expiresAt,
          idleExpiresAt - lastSeenAt,
          expiresAt - lastSeenAt,
        ),
      )
      if (inserted === 0) throw new Error('a session with this id or secret exists')
    },

    async findBySecret(realmId, kind, secretHash, now) {
      const stored = await ask(async () => {
        const sessionId = await redis.get(secretKey(secretHash))
        return sessionId === null ? undefined : await read(sessionId)
      })
      if (!stored || !constantTimeEquals(stored.secretHash, secretHash)) return undefined
      const { session } = stored
      return session.realmId === realmId && session.kind === kind && isLive(session, now) ? session : undefined
    },

    async find(sessionId, now) {
      const stored = await ask(() => read(sessionId))
      return stored && isLive(stored.session, now) ? stored.session : undefined
    },

    async slide(sessionId, { lastSeenAt, idleExpiresAt }) {
      await ask(() => redis.slideSession(sessionKey(sessionId), lastSeenAt, idleExpiresAt))
    },

    async list(realmId, page, now) {
      const sessions = await ask(() => readIndex(realmKey(realmId), page.after, page.limit + 1, now))
      return toPage(sessions, page.limit, (session) => session.sessionId)
    },

    async listIdsByOwners(realmId, owners, now) {
      const found = new Set<string>()
      for (const { username, authScheme } of owners) {
        const index = usernameKey(realmId, username)
        const sessions = await ask(() => readIndex(index, undefined, Number.POSITIVE_INFINITY, now))
        for (const session of sessions) if (session.authScheme === authScheme) found.add(session.sessionId)
      }
      return [...found].sort()
    },

    async listIdsByUser(realmId, userId, now) {
      const sessions = await ask(() => readIndex(userKey(realmId, userId), undefined, Number.POSITIVE_INFINITY, now))
      return sessions.map((session) => session.sessionId)
    },

    delete: (sessionIds) => ask(() => deleteIds(sessionIds)),

    async deleteByRealm(realmId) {
      const index = realmKey(realmId)
      await ask(async () => {
        for (;;) {
          const ids = await redis.zrangebylex(index, '-', '+', 'LIMIT', 0, BATCH)
          if (ids.length === 0) return
          await deleteIds(ids)
          await redis.zrem(index, ...ids)
        }
      })
    },

    /** Redis expires by itself. */
    deleteExpired: async () => 0,

    async check() {
      await untilFirstReady()
      // A replica or a full server answers reads and refuses this.
      await ask(() => redis.set(CHECK_KEY, '', 'PX', 1))
    },

    async close() {
      if (redis.status === 'ready') await redis.quit().catch(() => undefined)
      redis.disconnect()
    },
  }
}
