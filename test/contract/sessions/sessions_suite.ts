/** How sessions live and end, over every store: to the second, by a clock that the test sets. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SessionStore } from '../../../src/sessions/session_store.ts'
import { createSessions, type SessionStart, type Sessions } from '../../../src/sessions/sessions.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import {
  ABSOLUTE,
  createManualClock,
  freshRealmId,
  IDLE,
  type ManualClock,
  nobodyToTell,
  SECOND,
  START,
} from './samples.ts'
import type { StoreUnderTest } from './store_suite.ts'

const settings = {
  auth_params: {},
  session_max_age_seconds: ABSOLUTE,
  session_max_stale_age_seconds: IDLE,
  scopes: [],
}

const startOf = (changes: Partial<SessionStart> = {}): SessionStart => ({
  realm: { id: freshRealmId(), settings },
  kind: 'api',
  user: { id: systemRandom.id(), username: 'ada' },
  authScheme: 'up',
  amr: ['pwd'],
  ip: '192.0.2.7',
  userAgent: undefined,
  ...changes,
})

/** The store, and how often each of its verbs was called. */
const counted = (store: SessionStore): { store: SessionStore; slides: () => number } => {
  let slides = 0
  return {
    store: {
      ...store,
      slide: (...call) => {
        slides += 1
        return store.slide(...call)
      },
    },
    slides: () => slides,
  }
}

export const testSessions = ({ name, open, skip }: StoreUnderTest): void => {
  describe(`sessions on ${name}`, { skip }, () => {
    let opened: SessionStore
    let clock: ManualClock
    before(async () => {
      opened = await open()
    })
    after(() => opened.close())

    const begin = (): { sessions: Sessions; slides: () => number } => {
      const { store, slides } = counted(opened)
      clock = createManualClock()
      return {
        sessions: createSessions({ sessionStore: store, sessionEnds: nobodyToTell, clock, random: systemRandom }),
        slides,
      }
    }

    test('T-SE-03 – what identifies a session opens none: neither its id, nor the hash of its secret', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      const { realmId } = session
      const tampered = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
      for (const guess of [undefined, '', session.sessionId, session.userId, sha256(secret), `${secret}A`, tampered])
        assert.equal(await sessions.resume(realmId, 'api', guess), undefined)
      assert.equal((await sessions.resume(realmId, 'api', secret))?.sessionId, session.sessionId)
    })

    test('T-SE-02, T-SE-13 – every sign-in has an id and a secret of its own, and the old ones are dead after logout', async () => {
      const { sessions } = begin()
      const input = startOf()
      const first = await sessions.start(input)
      const second = await sessions.start(input)
      assert.notEqual(first.session.sessionId, second.session.sessionId)
      assert.notEqual(first.secret, second.secret)
      assert.equal(await sessions.end([first.session.sessionId]), 1)
      assert.equal(await sessions.resume(input.realm.id, 'api', first.secret), undefined)
      assert.equal(await sessions.find(first.session.sessionId), undefined)
      assert.ok(await sessions.resume(input.realm.id, 'api', second.secret))
    })

    test('a secret is good for its own realm and kind alone', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf({ kind: 'sso' }))
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
      assert.equal(await sessions.resume(freshRealmId(), 'sso', secret), undefined)
      assert.ok(await sessions.resume(session.realmId, 'sso', secret))
    })

    test('T-SE-18 – without use a session is over when its idle time has passed', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      assert.equal(session.authTime, Math.floor(START / SECOND))
      clock.set(START + IDLE * SECOND)
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
      assert.equal(await sessions.find(session.sessionId), undefined)
    })

    test('T-SE-18 – use keeps a session alive, but never past its absolute time', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      const step = (IDLE - 1) * SECOND
      while (clock.now() + step < session.expiresAt) {
        clock.advance(step)
        const resumed = await sessions.resume(session.realmId, 'api', secret)
        assert.ok(resumed)
        assert.equal(resumed.idleExpiresAt, Math.min(clock.now() + IDLE * SECOND, session.expiresAt))
      }
      clock.set(session.expiresAt - 1)
      assert.ok(await sessions.resume(session.realmId, 'api', secret))
      clock.set(session.expiresAt)
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
    })

    test('an idle time longer than the absolute one changes nothing about the absolute one', async () => {
      const { sessions } = begin()
      const realm = { id: freshRealmId(), settings: { ...settings, session_max_stale_age_seconds: 10 * ABSOLUTE } }
      const { session, secret } = await sessions.start(startOf({ realm }))
      assert.equal(session.idleExpiresAt, session.expiresAt)
      clock.set(session.expiresAt)
      assert.equal(await sessions.resume(realm.id, 'api', secret), undefined)
    })

    test('a validated read writes at most once per tenth of the idle time', async () => {
      const { sessions, slides } = begin()
      const { session, secret } = await sessions.start(startOf())
      const tenth = (IDLE / 10) * SECOND
      clock.advance(tenth - 1)
      assert.equal((await sessions.resume(session.realmId, 'api', secret))?.lastSeenAt, START)
      assert.equal(slides(), 0)
      clock.advance(1)
      assert.equal((await sessions.resume(session.realmId, 'api', secret))?.lastSeenAt, START + tenth)
      await sessions.resume(session.realmId, 'api', secret)
      clock.advance(tenth - 1)
      await sessions.resume(session.realmId, 'api', secret)
      assert.equal(slides(), 1)
      assert.equal((await sessions.find(session.sessionId))?.idleExpiresAt, START + tenth + IDLE * SECOND)
    })

    test('looking at a session by its id does not keep it alive; using it does', async () => {
      const { sessions } = begin()
      const { session } = await sessions.start(startOf())
      clock.advance((IDLE - 1) * SECOND)
      const found = await sessions.find(session.sessionId)
      assert.equal(found?.lastSeenAt, START)
      assert.equal((await sessions.use(found)).lastSeenAt, clock.now())
      clock.advance(SECOND)
      assert.ok(await sessions.find(session.sessionId))
    })

    test('a clock that jumps ahead ends sessions, and one that jumps back neither ends nor prolongs them', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      clock.set(START + 300 * SECOND)
      await sessions.resume(session.realmId, 'api', secret)
      clock.set(START - 86_400 * SECOND)
      const back = await sessions.resume(session.realmId, 'api', secret)
      assert.equal(back?.idleExpiresAt, START + (300 + IDLE) * SECOND)
      assert.equal(back.expiresAt, session.expiresAt)
      clock.set(START + (300 + IDLE) * SECOND)
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
      clock.set(START + 86_400 * SECOND)
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
    })

    test('T-SE-11 – a session that ended stays ended while 20 callers present its secret', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      clock.advance((IDLE / 2) * SECOND)
      const callers = Array.from({ length: 20 }, () => sessions.resume(session.realmId, 'api', secret))
      await Promise.all([sessions.end([session.sessionId]), ...callers])
      assert.equal(await sessions.resume(session.realmId, 'api', secret), undefined)
      assert.equal(await sessions.find(session.sessionId), undefined)
    })

    test("all of a user's sessions end, of both kinds, but the one excepted", async () => {
      const { sessions } = begin()
      const input = startOf()
      const own = await sessions.start(input)
      const other = await sessions.start(input)
      const page = await sessions.start({ ...input, kind: 'sso' })
      const stranger = await sessions.start(startOf({ realm: input.realm }))
      assert.equal(await sessions.endByUser(input.realm.id, input.user.id, { except: own.session.sessionId }), 2)
      assert.ok(await sessions.find(own.session.sessionId))
      assert.ok(await sessions.find(stranger.session.sessionId))
      for (const { session } of [other, page]) assert.equal(await sessions.find(session.sessionId), undefined)
      assert.equal(await sessions.endByUser(input.realm.id, input.user.id), 1)
      assert.equal(await sessions.end([]), 0)
    })

    test('all sessions of a realm end and none of another', async () => {
      const { sessions } = begin()
      const here = await sessions.start(startOf())
      const there = await sessions.start(startOf())
      await sessions.endByRealm(here.session.realmId)
      assert.equal(await sessions.resume(here.session.realmId, 'api', here.secret), undefined)
      assert.ok(await sessions.resume(there.session.realmId, 'api', there.secret))
    })

    test('a store never holds the secret itself', async () => {
      const { sessions } = begin()
      const { session, secret } = await sessions.start(startOf())
      const { items } = await sessions.list(session.realmId, { limit: 10 })
      assert.equal(items.length, 1)
      assert.ok(!JSON.stringify(items).includes(secret))
      assert.ok(!JSON.stringify(items).includes(sha256(secret)))
    })
  })
}
