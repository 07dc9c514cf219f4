/** RFC 6585 §4 – so many requests a second, and so many at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createTokenBuckets, type Rate } from '../../../src/limits/token_buckets.ts'

const RATE: Rate = { perSecond: 10, burst: 20 }

const openBuckets = () => {
  let now = 1_000_000
  const buckets = createTokenBuckets({ now: () => now })
  return {
    take: (key: string, rate = RATE): number => buckets.take(key, rate) as number,
    advance: (ms: number): void => {
      now += ms
    },
    size: buckets.size,
  }
}

const taken = (times: number, take: () => number): number =>
  Array.from({ length: times }, take).filter((wait) => wait === 0).length

test('RFC 6585 §4 – a burst passes, what comes after it waits for a token and is told how long', () => {
  const { take, advance } = openBuckets()
  assert.equal(
    taken(100, () => take('a')),
    20,
  )
  assert.equal(take('a'), 100)
  advance(99)
  assert.equal(take('a'), 1)
  advance(1)
  assert.equal(take('a'), 0)
  assert.equal(take('a'), 100)
})

test('over a long time the rate is the rate, whatever it divides to', () => {
  for (const rate of [{ perSecond: 3, burst: 7 }, { perSecond: 7, burst: 1 }, RATE, { perSecond: 999, burst: 50 }]) {
    const { take, advance } = openBuckets()
    let passed = 0
    for (let ms = 0; ms < 10_000; ms++) {
      passed += taken(3, () => take('a', rate))
      advance(1)
    }
    const expected = rate.burst + rate.perSecond * 10
    assert.ok(Math.abs(passed - expected) <= 1, `${passed} of ${expected}`)
  }
})

test('a bucket that waits does not overflow, and another one is not touched', () => {
  const { take, advance } = openBuckets()
  taken(20, () => take('a'))
  advance(3_600_000)
  assert.equal(
    taken(100, () => take('a')),
    20,
  )
  assert.equal(
    taken(100, () => take('b')),
    20,
  )
})

test('what was refused takes nothing: asking on does not make the wait longer', () => {
  const { take } = openBuckets()
  taken(20, () => take('a'))
  for (let ask = 0; ask < 1_000; ask++) assert.equal(take('a'), 100)
})

test('a rate that is lowered, and a clock that is set back, empty no bucket for longer than it takes to fill', () => {
  const { take, advance } = openBuckets()
  taken(600, () => take('a', { perSecond: 1, burst: 600 }))
  assert.ok(take('a', RATE) <= 2_000)
  advance(-3_600_000)
  assert.ok(take('a', RATE) <= 2_000)
})

test('T-HT-07 – a million addresses take no more memory than a bounded number of them', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { take, size } = openBuckets()
  const ask = (many: number): number => {
    for (let address = 0; address < many; address++) take(`source ${address.toString(16)}:${address}`)
    collect()
    return process.memoryUsage().heapUsed
  }
  const bounded = ask(200_000)
  const million = ask(1_000_000)
  assert.ok(size() <= 100_000)
  assert.ok(million - bounded < 4 * 1_048_576, `${Math.round((million - bounded) / 1024)} KiB more`)
})
