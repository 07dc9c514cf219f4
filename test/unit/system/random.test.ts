import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../../src/system/random.ts'

test('OAuth 2.1 §7.7 – secrets carry 256 bits, ids 128, and none repeats', () => {
  const secrets = Array.from({ length: 10_000 }, () => systemRandom.secret())
  const ids = Array.from({ length: 10_000 }, () => systemRandom.id())
  assert.ok(secrets.every((secret) => /^[A-Za-z0-9_-]{43}$/.test(secret)))
  assert.ok(ids.every((id) => /^[A-Za-z0-9_-]{22}$/.test(id)))
  assert.equal(new Set([...secrets, ...ids]).size, 20_000)
})

test('OAuth 2.1 §7.7 – every bit of a secret is as often set as not', () => {
  const rounds = 4_000
  const counts = new Array<number>(256).fill(0)
  for (let round = 0; round < rounds; round += 1) {
    const bytes = Buffer.from(systemRandom.secret(), 'base64url')
    for (let bit = 0; bit < 256; bit += 1) {
      if (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) counts[bit] = (counts[bit] ?? 0) + 1
    }
  }
  // Eight standard deviations: a fair bit never gets there, a stuck one always.
  const tolerance = 8 * Math.sqrt(rounds / 4)
  assert.ok(counts.every((count) => Math.abs(count - rounds / 2) < tolerance))
})
