/** What every session store has to keep, whatever it is made of. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Session, SessionStore } from '../../../src/sessions/session_store.ts'
import { ABSOLUTE, freshHash, freshRealmId, IDLE, SECOND, START, sampleSession } from './samples.ts'

const CALLERS = 20

/** `expires`: whether the store removes what is over by itself. */
export type StoreUnderTest = {
  name: string
  open(): Promise<SessionStore>
  expires: boolean
  skip: string | false
}

export const testSessionStore = ({ name, open, expires, skip }: StoreUnderTest): void => {
  describe(`session store on ${name}`, { skip }, () => {
    let store: SessionStore
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    const inserted = async (changes: Partial<Session> = {}): Promise<{ session: Session; hash: string }> => {
      const session = sampleSession(changes)
      const hash = freshHash()
      await store.insert(session, hash)
      return { session, hash }
    }

    const findBy = ({ session, hash }: { session: Session; hash: string }, now: number) =>
      store.findBySecret(session.realmId, session.kind, hash, now)

    test('a session comes back as it was stored, by its secret and by its id', async () => {
      const whole = await inserted({ amr: ['pwd', 'otp'], restricted: true, username: 'O\'Ünal\u{1F511} \\ "x"' })
      assert.deepEqual(await findBy(whole, START), whole.session)
      assert.deepEqual(await store.find(whole.session.sessionId, START), whole.session)
      const sparse = await inserted({ ip: undefined, userAgent: undefined, amr: [] })
      assert.deepEqual(await findBy(sparse, START), sparse.session)
    })

    test('a secret that nobody has, an id as a secret and a secret as an id find nothing', async () => {
      const { session, hash } = await inserted()
      assert.equal(await store.findBySecret(session.realmId, 'api', freshHash(), START), undefined)
      assert.equal(await store.findBySecret(session.realmId, 'api', session.sessionId, START), undefined)
      assert.equal(await store.find(hash, START), undefined)
      assert.equal(await store.find('', START), undefined)
    })

    test('T-SE-12 – a session of the pages is none of the API, nor the other way round', async () => {
      const api = await inserted({ kind: 'api' })
      const sso = await inserted({ kind: 'sso', realmId: api.session.realmId })
      assert.equal(await store.findBySecret(api.session.realmId, 'sso', api.hash, START), undefined)
      assert.equal(await store.findBySecret(api.session.realmId, 'api', sso.hash, START), undefined)
    })

    test('a secret of one realm is worth nothing in another', async () => {
      const { session, hash } = await inserted()
      assert.equal(await store.findBySecret(freshRealmId(), 'api', hash, START), undefined)
      assert.equal(await store.findBySecret(session.realmId.toUpperCase(), 'api', hash, START), undefined)
    })

    test('T-SE-18 – a session is over in the very millisecond in which its idle time ends', async () => {
      const both = await inserted()
      const end = START + IDLE * SECOND
      assert.ok(await findBy(both, end - 1))
      assert.ok(await store.find(both.session.sessionId, end - 1))
      assert.equal(await findBy(both, end), undefined)
      assert.equal(await store.find(both.session.sessionId, end), undefined)
      const { items } = await store.list(both.session.realmId, { limit: 10 }, end)
      assert.deepEqual(items, [])
      assert.deepEqual(await store.listIdsByUser(both.session.realmId, both.session.userId, end), [])
    })

    test('T-SE-18 – the idle time never outlasts the absolute one, neither from the start nor by use', async () => {
      const late = START + 10 * ABSOLUTE * SECOND
      const expiresAt = START + ABSOLUTE * SECOND
      const born = await inserted({ idleExpiresAt: late })
      assert.equal((await findBy(born, START))?.idleExpiresAt, expiresAt)
      assert.equal(await findBy(born, expiresAt), undefined)

      const used = await inserted()
      await store.slide(used.session.sessionId, { lastSeenAt: START + 1, idleExpiresAt: late })
      assert.equal((await findBy(used, START + 1))?.idleExpiresAt, expiresAt)
      assert.equal(await findBy(used, expiresAt), undefined)
    })

    test('use moves the idle time and nothing else', async () => {
      const { session, hash } = await inserted()
      const seen = { lastSeenAt: START + 60 * SECOND, idleExpiresAt: START + (60 + IDLE) * SECOND }
      await store.slide(session.sessionId, seen)
      assert.deepEqual(await findBy({ session, hash }, START + IDLE * SECOND), { ...session, ...seen })
    })

    test('a late or an earlier use never shortens the idle time', async () => {
      const { session, hash } = await inserted()
      const seen = { lastSeenAt: START + 60 * SECOND, idleExpiresAt: START + (60 + IDLE) * SECOND }
      await store.slide(session.sessionId, seen)
      // The clock of another node, or of this one after it was set back.
      await store.slide(session.sessionId, { lastSeenAt: START - 5, idleExpiresAt: START - 5 + IDLE * SECOND })
      await store.slide(session.sessionId, { lastSeenAt: START + 61 * SECOND, idleExpiresAt: START + 62 * SECOND })
      assert.deepEqual(await findBy({ session, hash }, START), { ...session, ...seen })
    })

    test('use does not revive a session whose time has passed', async () => {
      const idle = await inserted()
      const end = START + IDLE * SECOND
      await store.slide(idle.session.sessionId, { lastSeenAt: end, idleExpiresAt: end + IDLE * SECOND })
      assert.equal(await findBy(idle, end), undefined)
      assert.equal((await findBy(idle, START))?.idleExpiresAt, end, 'not even for a clock that is set back')

      const absolute = await inserted({ idleExpiresAt: START + ABSOLUTE * SECOND })
      const over = START + ABSOLUTE * SECOND
      await store.slide(absolute.session.sessionId, { lastSeenAt: over, idleExpiresAt: over + IDLE * SECOND })
      assert.equal(await findBy(absolute, over), undefined)
    })

    test('T-SE-11 – 20 callers who use a session while it is deleted do not revive it', async () => {
      const { session, hash } = await inserted()
      const use = (caller: number) =>
        store.slide(session.sessionId, {
          lastSeenAt: START + (caller + 1) * SECOND,
          idleExpiresAt: START + (IDLE + caller + 1) * SECOND,
        })
      const callers = Array.from({ length: CALLERS }, (_, caller) => use(caller))
      const [deleted] = await Promise.all([store.delete([session.sessionId]), ...callers])
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => use(CALLERS + caller)))
      assert.equal(deleted, 1)
      assert.equal(await findBy({ session, hash }, START), undefined)
      assert.equal(await store.find(session.sessionId, START), undefined)
      assert.deepEqual((await store.list(session.realmId, { limit: 10 }, START)).items, [])
    })

    test('of 20 callers who use a session at once the latest counts', async () => {
      const { session } = await inserted()
      await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) => {
          const lastSeenAt = START + (caller + 1) * SECOND
          return store.slide(session.sessionId, { lastSeenAt, idleExpiresAt: lastSeenAt + IDLE * SECOND })
        }),
      )
      const found = await store.find(session.sessionId, START)
      assert.equal(found?.lastSeenAt, START + CALLERS * SECOND)
      assert.equal(found?.idleExpiresAt, START + (CALLERS + IDLE) * SECOND)
    })

    test('an id or a secret that is taken is refused, and the first session stays as it was', async () => {
      const first = await inserted()
      await assert.rejects(store.insert({ ...first.session, username: 'eve' }, freshHash()))
      await assert.rejects(store.insert(sampleSession({ realmId: first.session.realmId }), first.hash))
      assert.deepEqual(await findBy(first, START), first.session)
      assert.equal((await store.list(first.session.realmId, { limit: 10 }, START)).items.length, 1)
    })

    test('of 20 callers who insert the same id one succeeds', async () => {
      const session = sampleSession()
      const results = await Promise.allSettled(
        Array.from({ length: CALLERS }, () => store.insert(session, freshHash())),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    })

    test('a list shows every live session of its realm once, a page at a time', async () => {
      const realmId = freshRealmId()
      const sessions = await Promise.all(
        Array.from({ length: 25 }, (_, number) => inserted({ realmId, kind: number % 2 === 0 ? 'api' : 'sso' })),
      )
      await inserted({ realmId, idleExpiresAt: START })
      await inserted()
      const [first] = sessions
      assert.ok(first)
      await store.delete([first.session.sessionId])

      const seen: string[] = []
      let pages = 0
      let next: string | undefined
      do {
        const page = await store.list(realmId, { after: next, limit: 7 }, START)
        assert.ok(page.items.length <= 7)
        assert.ok(page.items.every((session) => session.realmId === realmId))
        seen.push(...page.items.map((session) => session.sessionId))
        next = page.next
        pages += 1
      } while (next !== undefined)
      const expected = sessions.slice(1).map(({ session }) => session.sessionId)
      assert.deepEqual([...seen].sort(), expected.sort())
      assert.equal(pages, 4)
    })

    test('a full last page says that there is no next one', async () => {
      const realmId = freshRealmId()
      await inserted({ realmId })
      await inserted({ realmId })
      assert.equal((await store.list(realmId, { limit: 2 }, START)).next, undefined)
      assert.deepEqual(await store.list(freshRealmId(), { limit: 2 }, START), { items: [], next: undefined })
    })

    test('owners are told apart by name, scheme and realm', async () => {
      const realmId = freshRealmId()
      const ada = await inserted({ realmId, username: 'ada', authScheme: 'up' })
      const adaAgain = await inserted({ realmId, username: 'ada', authScheme: 'up', kind: 'sso' })
      const adaWithCode = await inserted({ realmId, username: 'ada', authScheme: 'up+totp' })
      const bob = await inserted({ realmId, username: 'bob', authScheme: 'up' })
      await inserted({ realmId, username: 'Ada', authScheme: 'up' })
      await inserted({ realmId, username: 'ada', authScheme: 'up', idleExpiresAt: START })
      await inserted({ username: 'ada', authScheme: 'up' })
      const idsOf = (...each: { session: Session }[]) => each.map(({ session }) => session.sessionId).sort()

      const up = (username: string) => ({ username, authScheme: 'up' })
      assert.deepEqual((await store.listIdsByOwners(realmId, [up('ada')], START)).sort(), idsOf(ada, adaAgain))
      assert.deepEqual(
        (await store.listIdsByOwners(realmId, [up('ada'), up('bob'), up('ada')], START)).sort(),
        idsOf(ada, adaAgain, bob),
      )
      assert.deepEqual(
        await store.listIdsByOwners(realmId, [{ username: 'ada', authScheme: 'up+totp' }], START),
        idsOf(adaWithCode),
      )
      assert.deepEqual(await store.listIdsByOwners(realmId, [up('nobody')], START), [])
      assert.deepEqual(await store.listIdsByOwners(realmId, [], START), [])
    })

    test("a user's sessions are those of both kinds in one realm", async () => {
      const one = await inserted({ kind: 'api' })
      const { realmId, userId } = one.session
      const other = await inserted({ realmId, userId, kind: 'sso' })
      await inserted({ realmId })
      await inserted({ userId })
      await inserted({ realmId, userId, idleExpiresAt: START })
      const expected = [one.session.sessionId, other.session.sessionId].sort()
      assert.deepEqual((await store.listIdsByUser(realmId, userId, START)).sort(), expected)
    })

    test('deleting counts what was there and leaves the rest', async () => {
      const gone = await Promise.all([inserted(), inserted(), inserted()])
      const kept = await inserted()
      const ids = gone.map(({ session }) => session.sessionId)
      assert.equal(await store.delete([...ids, 'nobody-has-this-id']), 3)
      assert.equal(await store.delete(ids), 0)
      assert.equal(await store.delete([]), 0)
      for (const each of gone) assert.equal(await findBy(each, START), undefined)
      assert.ok(await findBy(kept, START))
    })

    test('of 20 callers who delete a session one is told that it was there', async () => {
      const { session } = await inserted()
      const counts = await Promise.all(Array.from({ length: CALLERS }, () => store.delete([session.sessionId])))
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        1,
      )
    })

    test('more ids than fit in one statement are deleted all the same', async () => {
      const { session } = await inserted()
      const ids = Array.from({ length: 1_200 }, (_, number) => `no-session-${number}`)
      assert.equal(await store.delete([...ids, session.sessionId]), 1)
    })

    test('a realm is emptied without touching another', async () => {
      const realmId = freshRealmId()
      const gone = await Promise.all(Array.from({ length: 5 }, () => inserted({ realmId })))
      const kept = await inserted()
      await store.deleteByRealm(realmId)
      for (const each of gone) assert.equal(await findBy(each, START), undefined)
      assert.ok(await findBy(kept, START))
      await store.deleteByRealm(freshRealmId())
    })

    test('what is over is removed in bounded batches, and only that', async () => {
      if (expires) {
        await inserted({ idleExpiresAt: START + 1 })
        assert.equal(await store.deleteExpired(START + 2, 100), 0)
        return
      }
      // Long ago, so that sessions of other tests in the same store are not concerned.
      const then = START - 1_000_000 * SECOND
      const times = { createdAt: then, lastSeenAt: then, idleExpiresAt: then + SECOND, expiresAt: then + 2 * SECOND }
      while ((await store.deleteExpired(then, 100)) > 0);
      for (let count = 0; count < 7; count += 1) await inserted(times)
      const live = await inserted({ ...times, idleExpiresAt: then + 2 * SECOND })
      assert.equal(await store.deleteExpired(then + SECOND - 1, 3), 0)
      const removed: number[] = []
      for (let round = 0; round < 4; round += 1) removed.push(await store.deleteExpired(then + SECOND, 3))
      assert.deepEqual(removed, [3, 3, 1, 0])
      assert.ok(await findBy(live, then + SECOND))
      await store.delete([live.session.sessionId])
    })

    test('the store says that it works', async () => {
      await store.check()
    })
  })
}
