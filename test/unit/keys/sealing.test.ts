/** Secrets at rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealing, type SecretsParams } from '../../../src/keys/sealing.ts'
import { systemRandom } from '../../../src/system/random.ts'

const KEY = Buffer.alloc(32, 1).toString('base64url')
const NEXT_KEY = Buffer.alloc(32, 2).toString('base64url')
const PLACE = ['totp', 'main', 'alice']

const sealingWith = (secrets_params: SecretsParams) =>
  createSealing({ config: { secrets_params }, random: systemRandom })

test('without a key nothing is sealed and nothing opened', () => {
  const sealed = sealingWith({ encryption_key: KEY }).seal('secret', PLACE)
  const without = sealingWith({})
  assert.equal(without.canSeal, false)
  assert.throws(() => without.seal('secret', PLACE), /secrets_params\.encryption_key/)
  assert.equal(without.open(sealed, PLACE), undefined)
})

test('another key, realm, user or kind of secret does not open it', () => {
  const sealing = sealingWith({ encryption_key: KEY })
  const sealed = sealing.seal('secret', PLACE)
  assert.equal(sealingWith({ encryption_key: NEXT_KEY }).open(sealed, PLACE), undefined)
  for (const place of [
    ['totp', 'other', 'alice'],
    ['totp', 'main', 'bob'],
    ['x', 'main', 'alice'],
    ['totp', 'mainalice'],
    [],
  ])
    assert.equal(sealing.open(sealed, place), undefined, place.join())
})

test('one bit more or less anywhere, and it does not open', () => {
  const sealing = sealingWith({ encryption_key: KEY })
  const sealed = sealing.seal('a secret', PLACE)
  const parts = sealed.split('.')
  for (const [index, part] of parts.entries()) {
    for (let at = 0; at < part.length; at++) {
      // Two bits of the last character are no bits of the text.
      const changed = `${part.slice(0, at)}${part[at] === 'A' ? 'Q' : 'A'}${part.slice(at + 1)}`
      const text = parts.with(index, changed).join('.')
      assert.equal(sealing.open(text, PLACE), undefined, text)
    }
  }
  for (const text of [
    '',
    '....',
    'v1',
    `v2${sealed.slice(2)}`,
    sealed.slice(0, -4),
    `${parts.slice(0, 3).join('.')}.AAAA`,
  ])
    assert.equal(sealing.open(text, PLACE), undefined, text)
})

test('a key under the name of another one does not open what it did not seal', () => {
  const sealed = sealingWith({ encryption_key: KEY }).seal('secret', PLACE)
  const foreign = sealingWith({ encryption_key: NEXT_KEY }).seal('secret', PLACE)
  const renamed = sealed
    .split('.')
    .with(1, foreign.split('.')[1] ?? '')
    .join('.')
  assert.equal(sealingWith({ encryption_key: NEXT_KEY }).open(renamed, PLACE), undefined)
})

test('what is sealed opens again, looks different every time and shows neither secret nor key', () => {
  const sealing = sealingWith({ encryption_key: KEY })
  const sealed = Array.from({ length: 100 }, () => sealing.seal('JBSWY3DPEHPK3PXP', PLACE))
  assert.equal(new Set(sealed).size, 100)
  for (const text of sealed) {
    assert.match(text, /^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/)
    assert.doesNotMatch(text, /JBSWY3DP/)
    assert.doesNotMatch(text, new RegExp(KEY.slice(0, 8)))
    assert.deepEqual(sealing.open(text, PLACE), { text: 'JBSWY3DPEHPK3PXP', isCurrent: true })
  }
})

test('the previous key opens what it sealed, and says that it is not the current one', () => {
  const sealed = sealingWith({ encryption_key: KEY }).seal('secret', PLACE)
  const sealing = sealingWith({ encryption_key: NEXT_KEY, previous_encryption_key: KEY })
  assert.deepEqual(sealing.open(sealed, PLACE), { text: 'secret', isCurrent: false })
  assert.deepEqual(sealing.open(sealing.seal('secret', PLACE), PLACE), { text: 'secret', isCurrent: true })
})
