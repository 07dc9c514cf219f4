/** At most so many at a time, at most so many waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createBoundedQueue } from '../../../src/authentication/bounded_queue.ts'

test('the queue is full when every place is taken and every seat too', async () => {
  const queue = createBoundedQueue({ maxRunning: 1, maxWaiting: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = queue.run(() => promise)
  assert.equal(queue.isFull(), false)
  const second = queue.run(async () => undefined)
  assert.equal(queue.isFull(), true)
  resolve()
  await Promise.all([first, second])
  assert.equal(queue.isIdle(), true)
})

test('work that fails gives its place back', async () => {
  const queue = createBoundedQueue({ maxRunning: 1, maxWaiting: 5 })
  await assert.rejects(
    queue.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(queue.isIdle(), true)
  assert.equal(await queue.run(async () => 7), 7)
})

test('T-BF-09 never more run at a time than allowed, in the order they came', async () => {
  const queue = createBoundedQueue({ maxRunning: 2, maxWaiting: 100 })
  const order: number[] = []
  let running = 0
  let most = 0
  const work = (index: number) => async (): Promise<void> => {
    order.push(index)
    running += 1
    most = Math.max(most, running)
    await nextTurn()
    running -= 1
  }
  const indices = Array.from({ length: 20 }, (_, index) => index)
  await Promise.all(indices.map((index) => queue.run(work(index))))
  assert.equal(most, 2)
  assert.deepEqual(order, indices)
})
