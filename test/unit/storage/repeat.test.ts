import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRepeats } from '../../../src/storage/repeat.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'

const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' })

test('R-4 a deadlock is tried again three times, and is unavailable after that', async () => {
  let tries = 0
  const always = withRepeats(async () => {
    tries += 1
    throw deadlock
  })
  await assert.rejects(always, (error) => error instanceof StoreUnavailable && error.cause === deadlock)
  assert.equal(tries, 4)
})

test('R-4 work that succeeds at the last try has succeeded', async () => {
  let tries = 0
  const result = await withRepeats(async () => {
    tries += 1
    if (tries < 4) throw deadlock
    return 'done'
  })
  assert.equal(result, 'done')
})

test('any other error is not tried again', async () => {
  let tries = 0
  const bug = new Error('bug')
  const once = withRepeats(async () => {
    tries += 1
    throw bug
  })
  await assert.rejects(once, (error) => error === bug)
  assert.equal(tries, 1)
})
