/** How often a password may be guessed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGuessLimits } from '../../../src/authentication/guess_limits.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'

const guess = { realmId: 'r', canonicalUsername: 'alice', ip: '192.0.2.1' }
const wrong = async () => ({ isRight: false })
const right = async () => ({ isRight: true })

const isTooMany = (error: unknown): boolean => {
  assert.ok(error instanceof OAuthError)
  assert.equal(error.code, 'too_many_requests')
  assert.ok((error.retryAfterSeconds ?? 0) >= 1)
  return true
}

const fail = async (limit: ReturnType<typeof createGuessLimits>, times: number, at = guess): Promise<void> => {
  for (let count = 0; count < times; count += 1) await limit(at, wrong)
}

test('NIST SP 800-63B §3.2.2 – after ten wrong guesses the next is not even looked at', async () => {
  const limit = createGuessLimits()
  await fail(limit, 10)
  await assert.rejects(
    limit(guess, () => assert.fail('was looked at')),
    isTooMany,
  )
})

test('T-BF-03 200 guesses at the same time are ten guesses', async () => {
  const limit = createGuessLimits()
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
  const limit = createGuessLimits()
  await fail(limit, 10)
  assert.deepEqual(await limit({ ...guess, ip: '192.0.2.2' }, right), { isRight: true })
  assert.deepEqual(await limit({ ...guess, canonicalUsername: 'bob' }, right), { isRight: true })
  assert.deepEqual(await limit({ ...guess, realmId: 's' }, right), { isRight: true })
})

test('T-BF-06 the addresses of one IPv6 network are one source', async () => {
  const limit = createGuessLimits()
  for (let host = 1; host <= 10; host += 1) await fail(limit, 1, { ...guess, ip: `2001:db8:1:2::${host}` })
  await assert.rejects(limit({ ...guess, ip: '2001:db8:1:2:ffff::1' }, right), isTooMany)
  assert.deepEqual(await limit({ ...guess, ip: '2001:db8:1:3::1' }, right), { isRight: true })
})

test('one source that goes from account to account is stopped too', async () => {
  const limit = createGuessLimits()
  for (let count = 0; count < 300; count += 1) await fail(limit, 1, { ...guess, canonicalUsername: `user-${count}` })
  await assert.rejects(limit({ ...guess, canonicalUsername: 'somebody else' }, right), isTooMany)
})

test('a right password is forgotten, and so is what was wrong before it', async () => {
  const limit = createGuessLimits()
  await fail(limit, 9)
  await limit(guess, right)
  await fail(limit, 10)
  await assert.rejects(limit(guess, right), isTooMany)
})

test('right passwords at the same time are no guesses', async () => {
  const limit = createGuessLimits()
  const results = await Promise.all(Array.from({ length: 60 }, () => limit(guess, right)))
  assert.equal(results.length, 60)
})

test('what could not be looked at was no guess', async () => {
  const limit = createGuessLimits()
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
  const limit = createGuessLimits()
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
