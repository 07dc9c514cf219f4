/** How often a code may be guessed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCodeGuessLimits } from '../../../src/authentication/code_guess_limits.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { limitsOfOneNode } from '../../support/limits.ts'

const right = async () => true
const wrong = async () => false

const isTooMany = (error: unknown): boolean => {
  assert.ok(error instanceof OAuthError)
  assert.equal(error.code, 'too_many_requests')
  assert.ok((error.retryAfterSeconds ?? 0) >= 1)
  return true
}

test('T-BF-04 NIST SP 800-63B §3.2.2 – after ten wrong codes the next is not even looked at', async () => {
  const limit = createCodeGuessLimits(limitsOfOneNode().counting)
  for (let guess = 0; guess < 10; guess++) assert.equal(await limit('alice', wrong), false)
  await assert.rejects(
    limit('alice', () => assert.fail('was looked at')),
    isTooMany,
  )
  assert.equal(await limit('bob', right), true)
})

test('T-BF-04 of 200 guesses at the same time ten are looked at', async () => {
  const limit = createCodeGuessLimits(limitsOfOneNode().counting)
  let looks = 0
  const look = async () => {
    looks += 1
    return false
  }
  const answers = await Promise.allSettled(Array.from({ length: 200 }, () => limit('alice', look)))
  assert.equal(looks, 10)
  for (const answer of answers.filter((each) => each.status === 'rejected')) isTooMany(answer.reason)
})

test('T-BF-04 right codes between the wrong ones buy no more than twenty wrong ones a day', async () => {
  const limit = createCodeGuessLimits(limitsOfOneNode().counting)
  for (let guess = 0; guess < 20; guess++) {
    await limit('alice', wrong)
    if (guess % 5 === 0) assert.equal(await limit('alice', right), true)
  }
  await assert.rejects(limit('alice', right), (error) => {
    assert.ok(error instanceof OAuthError)
    assert.ok((error.retryAfterSeconds ?? 0) > 3_600)
    return isTooMany(error)
  })
})

test('right codes are not counted', async () => {
  const limit = createCodeGuessLimits(limitsOfOneNode().counting)
  for (let guess = 0; guess < 100; guess++) assert.equal(await limit('alice', right), true)
})

test('a code that could not be looked at is no guess', async () => {
  const limit = createCodeGuessLimits(limitsOfOneNode().counting)
  for (let guess = 0; guess < 100; guess++)
    await assert.rejects(
      limit('alice', async () => {
        throw new Error('no database')
      }),
      /no database/,
    )
  assert.equal(await limit('alice', right), true)
})
