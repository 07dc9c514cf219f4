/** How often something was tried, on one node and on several that share what they know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCounting, type SharedCounts } from '../../../src/limits/attempt_counts.ts'

const WINDOW_MS = 60_000

const open = (shared?: SharedCounts) => {
  let now = 5_000_000
  const counts = createCounting({ now: () => now, shared })({ name: 'tries', windowMs: WINDOW_MS })
  const advance = (ms: number): void => {
    now += ms
  }
  return { counts, advance }
}

/** What several nodes share, as long as `isAway` is false. */
const openShared = () => {
  const known = new Map<string, number>()
  const state = { isAway: false }
  const require = (): void => {
    if (state.isAway) throw new Error('away')
  }
  const shared: SharedCounts = {
    async add(key, by, windowMs) {
      require()
      known.set(key, (known.get(key) ?? 0) + by)
      return { count: known.get(key) ?? 0, msLeft: windowMs }
    },
    async read(key) {
      require()
      const count = known.get(key)
      return count === undefined ? undefined : { count, msLeft: WINDOW_MS }
    },
    async forget(key) {
      require()
      known.delete(key)
    },
  }
  return { shared, state, known }
}

test('a window begins with the first time and ends with everything that was counted in it', async () => {
  const { counts, advance } = open()
  await counts.add('a')
  advance(40_000)
  assert.deepEqual(await counts.add('a'), { count: 2, msLeft: 20_000 })
  assert.deepEqual(counts.peek('a'), { count: 2, msLeft: 20_000 })
  advance(20_000)
  assert.equal(counts.peek('a'), undefined)
  assert.deepEqual(await counts.add('a'), { count: 1, msLeft: WINDOW_MS })
})

test('of callers at the same time each gets a number of its own', async () => {
  const { counts } = open()
  const numbers = await Promise.all(Array.from({ length: 200 }, () => counts.add('a')))
  assert.deepEqual(
    numbers.map(({ count }) => count),
    Array.from({ length: 200 }, (_, index) => index + 1),
  )
})

test('T-HT-07 – what is taken back to nothing, or forgotten, leaves nothing', async () => {
  const { counts } = open()
  await counts.add('a')
  await counts.takeBack('a')
  await counts.add('b')
  await counts.forget('b')
  assert.equal(counts.size(), 0)
})

test('a clock that is set back does not make a window longer', async () => {
  const { counts, advance } = open()
  await counts.add('a')
  advance(-3_600_000)
  assert.equal(counts.peek('a'), undefined)
})

test('two nodes count together, and one that was told once knows what the other one does', async () => {
  const { shared } = openShared()
  const [first, second] = [open(shared), open(shared)]
  for (let time = 0; time < 9; time++) await first.counts.add('a')
  assert.equal(second.counts.peek('a'), undefined)
  assert.equal((await second.counts.add('a')).count, 10)
  assert.equal(second.counts.peek('a')?.count, 10)
  assert.equal((await first.counts.read('a'))?.count, 10)
})

test('F-6 – while the shared counts are away each node goes on from what it knows, and nobody is told of it', async () => {
  const { shared, state } = openShared()
  const { counts } = open(shared)
  for (let time = 0; time < 5; time++) await counts.add('a')
  state.isAway = true
  assert.equal((await counts.add('a')).count, 6)
  assert.equal((await counts.read('a'))?.count, 6)
  await counts.forget('a')
  assert.equal(counts.peek('a'), undefined)
})
