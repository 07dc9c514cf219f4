/** Sessions and clocks to test with: fresh ids every time, so that suites may share a store. */
import type { Session } from '../../../src/sessions/session_store.ts'
import type { SessionEnds } from '../../../src/sessions/sessions.ts'
import type { Clock } from '../../../src/system/clock.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'

export const SECOND = 1_000
export const IDLE = 600
export const ABSOLUTE = 3_600

/** A moment with an odd number of milliseconds, so that rounding shows. */
export const START = 1_700_000_000_123

/** For sessions that no client knows. */
export const nobodyToTell: SessionEnds = {
  announce: async () => undefined,
  announceRealm: async () => undefined,
  carryOver: async () => undefined,
}

export const freshRealmId = (): string => `realm-${systemRandom.id()}`

export const freshHash = (): string => sha256(systemRandom.secret())

export const sampleSession = (changes: Partial<Session> = {}): Session => ({
  sessionId: systemRandom.id(),
  realmId: freshRealmId(),
  kind: 'api',
  userId: systemRandom.id(),
  username: 'ada',
  authScheme: 'up',
  amr: ['pwd'],
  authTime: Math.floor(START / SECOND),
  restricted: false,
  maxAgeSeconds: ABSOLUTE,
  maxStaleAgeSeconds: IDLE,
  ip: '192.0.2.7',
  userAgent: 'a browser',
  createdAt: START,
  lastSeenAt: START,
  idleExpiresAt: START + IDLE * SECOND,
  expiresAt: START + ABSOLUTE * SECOND,
  ...changes,
})

export type ManualClock = Clock & { set(now: number): void; advance(ms: number): void }

export const createManualClock = (start = START): ManualClock => {
  let now = start
  return {
    now: () => now,
    set: (moment) => {
      now = moment
    },
    advance: (ms) => {
      now += ms
    },
  }
}
