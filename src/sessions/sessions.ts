/** Sessions of people: begun at sign-in with a fresh id and secret, kept alive by use, ended by logout or by time. */
import type { Realm } from '../storage/realm_directory.ts'
import type { Page } from '../storage/rows.ts'
import type { User } from '../storage/users.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { removeInBatches } from '../system/collector.ts'
import { sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import type { Session, SessionKind, SessionOwner, SessionStore } from './session_store.ts'

/** A secret as `Random` makes it; anything else is no session's and needs no look into the store. */
const SECRET = /^[A-Za-z0-9_-]{43}$/

/** Of the idle time has to pass before a validated read writes again. */
const SLIDE_FRACTION = 0.1

const EXPIRED_BATCH = 500

export type SessionStart = {
  realm: Pick<Realm, 'id' | 'settings'>
  kind: SessionKind
  user: Pick<User, 'id' | 'username'>
  authScheme: string
  amr: string[]
  /** The password is expired: the session may only change it. */
  restricted?: boolean
  ip: string | undefined
  userAgent: string | undefined
}

/** Told before a session is gone, so that no end can be lost: whoever fails half way ends the session again. */
export type SessionEnds = {
  announce(sessionIds: string[]): Promise<void>
  announceRealm(realmId: string): Promise<void>
  /** The person signed in again: whoever knew the one session knows the other. */
  carryOver(before: Session, after: Session): Promise<void>
}

export type SessionsDeps = { sessionStore: SessionStore; sessionEnds: SessionEnds; clock: Clock; random: Random }

export const createSessions = ({ sessionStore, sessionEnds, clock, random }: SessionsDeps) => {
  const slid = async (session: Session, now: number): Promise<Session> => {
    const idleMs = session.maxStaleAgeSeconds * 1000
    if (now - session.lastSeenAt < idleMs * SLIDE_FRACTION) return session
    const seen = { lastSeenAt: now, idleExpiresAt: Math.min(now + idleMs, session.expiresAt) }
    await sessionStore.slide(session.sessionId, seen)
    return { ...session, ...seen }
  }

  const removeExpiredBatch = (): Promise<number> => sessionStore.deleteExpired(clock.now(), EXPIRED_BATCH)

  const end = async (sessionIds: string[]): Promise<number> => {
    if (sessionIds.length === 0) return 0
    await sessionEnds.announce(sessionIds)
    return await sessionStore.delete(sessionIds)
  }

  return {
    /** The secret is the cookie's value; only its hash is kept. OWASP ASVS 7.2.4 – never an id or secret that was there before. */
    async start(input: SessionStart): Promise<{ session: Session; secret: string }> {
      const now = clock.now()
      const { session_max_age_seconds: maxAgeSeconds, session_max_stale_age_seconds: maxStaleAgeSeconds } =
        input.realm.settings
      const expiresAt = now + maxAgeSeconds * 1000
      const session: Session = {
        sessionId: random.id(),
        realmId: input.realm.id,
        kind: input.kind,
        userId: input.user.id,
        username: input.user.username,
        authScheme: input.authScheme,
        amr: input.amr,
        authTime: toSeconds(now),
        restricted: input.restricted ?? false,
        maxAgeSeconds,
        maxStaleAgeSeconds,
        ip: input.ip,
        userAgent: input.userAgent,
        createdAt: now,
        lastSeenAt: now,
        idleExpiresAt: Math.min(now + maxStaleAgeSeconds * 1000, expiresAt),
        expiresAt,
      }
      const secret = random.secret()
      await sessionStore.insert(session, sha256(secret))
      return { session, secret }
    },

    /** The live session of a cookie's value, whose idle time begins anew; undefined when there is none. */
    async resume(realmId: string, kind: SessionKind, secret: string | undefined): Promise<Session | undefined> {
      if (secret === undefined || !SECRET.test(secret)) return undefined
      const now = clock.now()
      const session = await sessionStore.findBySecret(realmId, kind, sha256(secret), now)
      return session && (await slid(session, now))
    },

    /** A live session by its public id; looking at it does not keep it alive. */
    find: (sessionId: string): Promise<Session | undefined> => sessionStore.find(sessionId, clock.now()),

    /** The same for who serves the person behind it: its idle time begins anew. */
    async use(session: Session): Promise<Session> {
      return await slid(session, clock.now())
    },

    list: (realmId: string, page: { after?: string | undefined; limit: number }): Promise<Page<Session>> =>
      sessionStore.list(realmId, page, clock.now()),

    listIdsByOwners: (realmId: string, owners: SessionOwner[]): Promise<string[]> =>
      sessionStore.listIdsByOwners(realmId, owners, clock.now()),

    /** How many there were. */
    end,

    /** The one session takes the place of the other; of the same person it goes on, for everybody who knows it. */
    async replace(before: Session, after: Session): Promise<void> {
      if (before.userId !== after.userId) {
        await end([before.sessionId])
        return
      }
      await sessionEnds.carryOver(before, after)
      await sessionStore.delete([before.sessionId])
    },

    /** All sessions of a user, of both kinds, but the one excepted; how many there were. */
    async endByUser(realmId: string, userId: string, { except }: { except?: string } = {}): Promise<number> {
      const sessionIds = await sessionStore.listIdsByUser(realmId, userId, clock.now())
      return await end(sessionIds.filter((sessionId) => sessionId !== except))
    },

    async endByRealm(realmId: string): Promise<void> {
      await sessionEnds.announceRealm(realmId)
      await sessionStore.deleteByRealm(realmId)
    },

    removeExpiredBatch,

    /** All of them now; how many. */
    removeExpired: (): Promise<number> => removeInBatches(removeExpiredBatch),
  }
}

export type Sessions = ReturnType<typeof createSessions>
