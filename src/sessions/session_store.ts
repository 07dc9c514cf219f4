/**
 * Where sessions live: the contract that every session store keeps, SQL and Redis alike. A store knows only the SHA-256
 * of a cookie; a session is over when its idle or its absolute time has passed, whether or not its row is still there.
 */
import type { Page } from '../storage/rows.ts'

/** `api`: POST /login. `sso`: the pages. One is never accepted for the other. */
export type SessionKind = 'api' | 'sso'

export type Session = {
  /** Public; cannot be used to authenticate. */
  sessionId: string
  realmId: string
  kind: SessionKind
  userId: string
  username: string
  /** up, jwt, cc, with +totp where a code was given. */
  authScheme: string
  /** RFC 8176 */
  amr: string[]
  /** When the person proved who they are, in seconds since the epoch. */
  authTime: number
  /** The password is expired: this session may only change it. */
  restricted: boolean
  maxAgeSeconds: number
  maxStaleAgeSeconds: number
  ip: string | undefined
  userAgent: string | undefined
  /** Milliseconds since the epoch, as are all below. */
  createdAt: number
  lastSeenAt: number
  idleExpiresAt: number
  expiresAt: number
}

export type SessionOwner = { username: string; authScheme: string }

export type SessionStore = {
  insert(session: Session, secretHash: string): Promise<void>
  /** Undefined when unknown or over. */
  findBySecret(realmId: string, kind: SessionKind, secretHash: string, now: number): Promise<Session | undefined>
  /** Undefined when unknown or over. */
  find(sessionId: string, now: number): Promise<Session | undefined>
  /** Moves the idle time; never shortens it, never revives a session that is over or gone. */
  slide(sessionId: string, seen: { lastSeenAt: number; idleExpiresAt: number }): Promise<void>
  /** Live sessions of a realm in order of id, from after `after`. */
  list(realmId: string, page: { after?: string | undefined; limit: number }, now: number): Promise<Page<Session>>
  /** Ids of live sessions of any of the owners. */
  listIdsByOwners(realmId: string, owners: SessionOwner[], now: number): Promise<string[]>
  /** Ids of the user's live sessions, of both kinds. */
  listIdsByUser(realmId: string, userId: string, now: number): Promise<string[]>
  /** How many of the ids were there. */
  delete(sessionIds: string[]): Promise<number>
  deleteByRealm(realmId: string): Promise<void>
  /** Removes at most `limit` sessions that are over; how many. A store that expires by itself removes none. */
  deleteExpired(now: number, limit: number): Promise<number>
  /** Throws when the store cannot be read and written. */
  check(): Promise<void>
  close(): Promise<void>
}
