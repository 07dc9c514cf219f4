/** When a session is over: as soon as its idle or its absolute time has passed, the idle time never outlasting the other. */
import type { Session } from './session_store.ts'

type Lifetime = Pick<Session, 'idleExpiresAt' | 'expiresAt'>

/** The moment at which the session is over if nobody uses it, in milliseconds since the epoch. */
export const endOf = (session: Lifetime): number => Math.min(session.idleExpiresAt, session.expiresAt)

export const isLive = (session: Lifetime, now: number): boolean => now < endOf(session)
