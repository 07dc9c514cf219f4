/** How often a password may be guessed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGuessLimits } from '../../../src/authentication/guess_limits.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { limitsOfOneNode } from '../../support/limits.ts'

type User = { id: string }
type From = typeof guess & { user?: User; device?: string }

const guess = { realmId: 'r', canonicalUsername: 'alice', ip: '192.0.2.1' }
const ALICE: User = { id: 'the-id-of-alice' }
const DAY_MS = 86_400_000

/** Limits by a clock that the test moves. Nobody is known and no device is, unless the guess says so. */
const open = () => {
  let now = 1_000_000_000
  const limit = createGuessLimits(limitsOfOneNode({ now: () => now }).counting)
  const ask = <T extends { isRight: boolean }>(
    { user, device, ...from }: From,
    check: () => Promise<T>,
  ): Promise<T> => {
    const guessed = { findUser: async () => user, findDevice: async () => device, mayBeKnown: device !== undefined }
    return limit(from, guessed, check)
  }
  const advance = (ms: number): void => {
    now += ms
  }
  return Object.assign(ask, { advance })
}
const wrong = async () => ({ isRight: false })
const right = async () => ({ isRight: true })

const isTooMany = (error: unknown): boolean => {
  assert.ok(error instanceof OAuthError)
  assert.equal(error.code, 'too_many_requests')
  assert.ok((error.retryAfterSeconds ?? 0) >= 1)
  return true
}

const fail = async (limit: ReturnType<typeof open>, times: number, at: From = guess): Promise<void> => {
  for (let count = 0; count < times; count += 1) await limit(at, wrong)
}

test('NIST SP 800-63B §3.2.2 – after ten wrong guesses the next is not even looked at', async () => {
  const limit = open()
  await fail(limit, 10)
  await assert.rejects(
    limit(guess, () => assert.fail('was looked at')),
    isTooMany,
  )
})

test('T-BF-03 200 guesses at the same time are ten guesses', async () => {
  const limit = open()
  let looked = 0
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, () =>
      limit(guess, async () => {
        looked += 1
        await new Promise(setImmediate)
        return { isRight: false }
      }),
    ),
  )
  assert.equal(looked, 10)
  assert.equal(results.filter((result) => result.status === 'rejected').length, 190)
})

test('T-BF-06 guesses of one source do not lock out another, nor another account, nor another realm', async () => {
  const limit = open()
  await fail(limit, 10)
  assert.deepEqual(await limit({ ...guess, ip: '192.0.2.2' }, right), { isRight: true })
  assert.deepEqual(await limit({ ...guess, canonicalUsername: 'bob' }, right), { isRight: true })
  assert.deepEqual(await limit({ ...guess, realmId: 's' }, right), { isRight: true })
})

test('T-BF-06 the addresses of one IPv6 network are one source', async () => {
  const limit = open()
  for (let host = 1; host <= 10; host += 1) await fail(limit, 1, { ...guess, ip: `2001:db8:1:2::${host}` })
  await assert.rejects(limit({ ...guess, ip: '2001:db8:1:2:ffff::1' }, right), isTooMany)
  assert.deepEqual(await limit({ ...guess, ip: '2001:db8:1:3::1' }, right), { isRight: true })
})

test('one source that goes from account to account is stopped too', async () => {
  const limit = open()
  for (let count = 0; count < 300; count += 1) await fail(limit, 1, { ...guess, canonicalUsername: `user-${count}` })
  await assert.rejects(limit({ ...guess, canonicalUsername: 'somebody else' }, right), isTooMany)
})

test('a right password is forgotten, and so is what was wrong before it', async () => {
  const limit = open()
  await fail(limit, 9)
  await limit(guess, right)
  await fail(limit, 10)
  await assert.rejects(limit(guess, right), isTooMany)
})

test('right passwords at the same time are no guesses', async () => {
  const limit = open()
  const results = await Promise.all(Array.from({ length: 60 }, () => limit(guess, right)))
  assert.equal(results.length, 60)
})

test('what could not be looked at was no guess', async () => {
  const limit = open()
  for (let count = 0; count < 30; count += 1)
    await assert.rejects(
      limit(guess, () => Promise.reject(new Error('the database is away'))),
      /away/,
    )
  assert.deepEqual(await limit(guess, right), { isRight: true })
})

test('T-HT-07 guesses that were turned away unlooked at leave nothing in memory, however many names they were about', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const limit = open()
  const busy = () => Promise.reject(new OAuthError('temporarily_unavailable', 'busy'))
  const used = async (): Promise<number> => {
    await new Promise(setImmediate)
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = await used()
  for (let count = 0; count < 10_000; count += 1)
    await assert.rejects(limit({ ...guess, canonicalUsername: `${count}`.repeat(500) }, busy))
  const kilobytes = ((await used()) - before) / 1024
  assert.ok(kilobytes < 4_096, `${Math.round(kilobytes)} KiB are still held`)
  assert.deepEqual(await limit(guess, right), { isRight: true })
})

const waitOf = async (attempt: Promise<unknown>): Promise<number> => {
  const error = await attempt.then(
    () => assert.fail('was looked at'),
    (thrown: unknown) => thrown,
  )
  isTooMany(error)
  return (error as OAuthError).retryAfterSeconds ?? 0
}

/** One wrong guess each from so many networks. */
const botnet = async (limit: ReturnType<typeof open>, sources: number, at: From): Promise<number> => {
  let looked = 0
  for (let source = 0; source < sources; source++) {
    const ip = `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`
    await limit({ ...at, ip }, async () => {
      looked += 1
      return { isRight: false }
    }).catch(isTooMany)
  }
  return looked
}

for (const [who, user] of [
  ['somebody', ALICE],
  ['nobody', undefined],
] as const)
  test(`T-BF-06 NIST SP 800-63B §3.2.2 – of 2,000 sources a hundred guesses at ${who} are looked at, then one and one, ever later`, async () => {
    const limit = open()
    const at = { ...guess, ...(user ? { user } : {}) }
    assert.equal(await botnet(limit, 2_000, at), 101)
    const waits: number[] = []
    for (let round = 0; round < 14; round++) {
      const wait = await waitOf(limit({ ...at, ip: '198.51.100.1' }, right))
      waits.push(wait)
      limit.advance(wait * 1000)
      await limit({ ...at, ip: `198.51.101.${round}` }, wrong)
    }
    assert.deepEqual(waits.slice(0, 4), [1, 2, 4, 8])
    assert.deepEqual(waits.slice(-2), [3_600, 3_600])
    limit.advance(DAY_MS)
    assert.deepEqual(await limit({ ...at, ip: '198.51.100.1' }, right), { isRight: true })
  })

test('T-BF-06 – the owner signs in from a known device, and from where it was right before, whatever strangers do', async () => {
  const limit = open()
  const alice = { ...guess, user: ALICE }
  const home = { ...alice, ip: '203.0.113.7' }
  await limit(home, right)
  await botnet(limit, 2_000, alice)
  for (let time = 0; time < 3; time++) {
    assert.deepEqual(await limit(home, right), { isRight: true })
    assert.deepEqual(await limit({ ...alice, ip: '192.0.2.99', device: 'the phone' }, right), { isRight: true })
  }
  // The device is no way around for another account, and the place is none either.
  await botnet(limit, 2_000, { ...guess, canonicalUsername: 'bob', user: { id: 'the-id-of-bob' } })
  await waitOf(limit({ ...home, canonicalUsername: 'bob', user: { id: 'the-id-of-bob' } }, right))
})

test('T-BF-06 – after the delay the owner signs in from anywhere', async () => {
  const limit = open()
  const alice = { ...guess, user: ALICE }
  await botnet(limit, 2_000, alice)
  const wait = await waitOf(limit(alice, right))
  limit.advance(wait * 1000)
  assert.deepEqual(await limit(alice, right), { isRight: true })
})

test('T-BF-06 – a right password while strangers guess gives them no hundred guesses more', async () => {
  const limit = open()
  const alice = { ...guess, user: ALICE }
  await botnet(limit, 200, alice)
  limit.advance((await waitOf(limit(alice, right))) * 1000)
  await limit(alice, right)
  assert.ok((await botnet(limit, 2_000, alice)) <= 1)
})

test('T-BF-06 – a device has ten guesses of its own, and its source is not asked', async () => {
  const limit = open()
  const phone = { ...guess, user: ALICE, device: 'the phone' }
  for (let count = 0; count < 300; count++) await fail(limit, 1, { ...guess, canonicalUsername: `user-${count}` })
  await waitOf(limit(guess, right))
  await fail(limit, 10, phone)
  await waitOf(limit(phone, right))
  assert.deepEqual(await limit({ ...phone, device: 'the tablet' }, right), { isRight: true })
})

test('T-BF-03 – of guesses from many sources at the same time no more than a hundred are looked at', async () => {
  const limit = open()
  let looked = 0
  await Promise.allSettled(
    Array.from({ length: 400 }, (_, source) =>
      limit({ ...guess, user: ALICE, ip: `10.0.${source >> 8}.${source & 255}` }, async () => {
        looked += 1
        await new Promise(setImmediate)
        return { isRight: false }
      }),
    ),
  )
  assert.equal(looked, 100)
})

test('T-BF-07 – ten guesses at one user are ten, by however many names', async () => {
  const limit = open()
  for (const canonicalUsername of ['alice', 'alice@example.com'])
    await fail(limit, 5, { ...guess, canonicalUsername, user: ALICE })
  for (const canonicalUsername of ['alice', 'alice@example.com', 'a third name'])
    await waitOf(limit({ ...guess, canonicalUsername, user: ALICE }, right))
  assert.deepEqual(await limit({ ...guess, canonicalUsername: 'bob', user: { id: 'another' } }, right), {
    isRight: true,
  })
})
