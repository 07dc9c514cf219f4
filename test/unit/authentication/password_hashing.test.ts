/** RFC 9106 – hashing behind the queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswordHashing } from '../../../src/authentication/password_hashing.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { silentLog } from '../../support/databases.ts'

const params = { memory_kib: 64, iterations: 1, parallelism: 1, max_concurrent: 2, max_queue: 64 }

test('past the capacity a caller is told when to come back, at once', async () => {
  const hashing = createPasswordHashing({ ...params, max_concurrent: 1, max_queue: 2 }, silentLog)
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => hashing.verifyNobody('a password')))
  const refused = results.filter((result) => result.status === 'rejected').map((result) => result.reason as OAuthError)
  assert.equal(refused.length, 7)
  for (const error of refused) {
    assert.ok(error instanceof OAuthError)
    assert.equal(error.code, 'temporarily_unavailable')
    assert.equal(error.retryAfterSeconds, 1)
  }
  await hashing.verifyNobody('there is room again')
})

test('T-BF-10 passwords that differ after byte 72 or after a NUL are different', async () => {
  const hashing = createPasswordHashing(params, silentLog)
  const long = 'x'.repeat(72)
  assert.equal(await hashing.verify(await hashing.hash(`${long}a`), `${long}b`), false)
  assert.equal(await hashing.verify(await hashing.hash('before\0after'), 'before\0other'), false)
  assert.equal(await hashing.verify(await hashing.hash('before\0after'), 'before'), false)
  assert.equal(await hashing.verify(await hashing.hash('before\0after'), 'before\0after'), true)
})

test('RFC 9106 §4 – a hash is Argon2id of the configured cost with a salt of its own', async () => {
  const hashing = createPasswordHashing(params, silentLog)
  const [first, second] = await Promise.all([hashing.hash('a password'), hashing.hash('a password')])
  assert.match(first ?? '', /^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
  assert.notEqual(first, second)
})

test('a hash of another cost is still verified, and is to be made anew', async () => {
  const before = createPasswordHashing(params, silentLog)
  const after = createPasswordHashing({ ...params, iterations: 2 }, silentLog)
  const phc = await before.hash('a password')
  assert.equal(await after.verify(phc, 'a password'), true)
  assert.equal(after.needsRehash(phc), true)
  assert.equal(before.needsRehash(phc), false)
  assert.equal(after.needsRehash('no hash at all'), true)
})
