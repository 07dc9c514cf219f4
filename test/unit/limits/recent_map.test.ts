/** T-HT-07 – what is remembered of many who come once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecentMap } from '../../../src/limits/recent_map.ts'

const openMap = (bounds = { capacity: 100, lifetimeMs: 1_000 }) => {
  let now = 0
  const map = createRecentMap<number>({ ...bounds, now: () => now })
  const set = (ms: number): void => {
    now = ms
  }
  return { map, set }
}

test('T-HT-07 – never more than two generations are held, and the last ones used are among them', () => {
  const { map } = openMap()
  for (let key = 0; key < 10_000; key++) {
    map.set(`${key}`, key)
    map.get('0')
    assert.ok(map.size() <= 200)
  }
  assert.equal(map.get('9999'), 9_999)
  assert.equal(map.get('9850'), 9_850)
  assert.equal(map.get('9700'), undefined)
  assert.equal(map.get('0'), 0)
})

test('what was not used for two lifetimes is gone, and what was used is there', () => {
  const { map, set } = openMap()
  map.set('idle', 1)
  map.set('used', 2)
  for (let ms = 0; ms <= 3_000; ms += 500) {
    set(ms)
    map.set('another', ms)
    assert.equal(map.get('used'), 2)
  }
  assert.equal(map.get('idle'), undefined)
})

test('a clock that is set back forgets nothing that was just used', () => {
  const { map, set } = openMap()
  set(1_000_000)
  map.set('a', 1)
  set(0)
  map.set('b', 2)
  assert.equal(map.get('a'), 1)
  assert.equal(map.get('b'), 2)
})

test('what is deleted is gone from both generations', () => {
  const { map } = openMap({ capacity: 1, lifetimeMs: 1_000 })
  map.set('old', 1)
  map.set('young', 2)
  map.delete('old')
  map.delete('young')
  assert.equal(map.get('old'), undefined)
  assert.equal(map.get('young'), undefined)
})
