/** Which hashes may be moved in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSaneCost, parseArgon2Phc } from '../../../src/oauth/argon2_phc.ts'

const salt = 'c29tZXNhbHRzb21lc2FsdA'
const tag = 'A'.repeat(43)

for (const [name, phc] of Object.entries({
  'a bcrypt hash': '$2b$12$abcdefghijklmnopqrstuuJ8FgEzyzGbQxrWlLqFJ2vGx7LrE1sHe',
  Argon2i: `$argon2i$v=19$m=19456,t=2,p=1$${salt}$${tag}`,
  'another version': `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${tag}`,
  'no version': `$argon2id$m=19456,t=2,p=1$${salt}$${tag}`,
  'no salt': `$argon2id$v=19$m=19456,t=2,p=1$$${tag}`,
  'no tag': `$argon2id$v=19$m=19456,t=2,p=1$${salt}$`,
  'a leading zero': `$argon2id$v=19$m=019456,t=2,p=1$${salt}$${tag}`,
  'a line break at the end': `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}\n`,
  padding: `$argon2id$v=19$m=19456,t=2,p=1$${salt}==$${tag}`,
  'a kilobyte': `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(1_024)}`,
}))
  test(`RFC 9106 §3.1 – ${name} is no hash that can be moved in`, () => {
    assert.equal(parseArgon2Phc(phc), undefined)
  })

test('RFC 9106 §3.1 – the cost is what the string says', () => {
  assert.deepEqual(parseArgon2Phc(`$argon2id$v=19$m=65536,t=3,p=4$${salt}$${tag}`), {
    memoryKib: 65_536,
    iterations: 3,
    parallelism: 4,
  })
})

test('T-BF-08 a cost that would hold up every login is refused, and one that protects nothing', () => {
  const cost = { memoryKib: 65_536, iterations: 3, parallelism: 4 }
  assert.equal(isSaneCost(cost), true)
  assert.equal(isSaneCost({ ...cost, memoryKib: 4_194_304 }), false)
  assert.equal(isSaneCost({ ...cost, iterations: 1_000 }), false)
  assert.equal(isSaneCost({ ...cost, parallelism: 255 }), false)
  assert.equal(isSaneCost({ ...cost, memoryKib: 8 }), false)
})
