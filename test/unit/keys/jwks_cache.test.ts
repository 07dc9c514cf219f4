/** RFC 7517 §5 – the key sets of others: how often they are asked for, and what is in use meanwhile. */
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { createJwksCache, type JwksCacheBounds, type JwksSource } from '../../../src/keys/jwks_cache.ts'
import { silentLog } from '../../support/databases.ts'
import { createKey, publicJwkOf, START } from '../../support/tokens.ts'

const URL = 'https://idp.example/jwks'

const source: JwksSource = { url: URL, owner: 'main', maxAgeMs: 600_000, minRefetchMs: 60_000, retryMs: 5_000 }

const key = createKey('ES256')
const jwk = publicJwkOf(key, { kid: 'k1' })
const next = publicJwkOf(createKey('ES256'), { kid: 'k2' })

const createWorld = (bounds: Partial<JwksCacheBounds> = {}) => {
  let now = START
  let document: unknown = new Error('away')
  const fetched: string[] = []
  /** What fetches wait for before they are answered. */
  let held: Promise<void> | undefined
  const getJson = async (url: string): Promise<unknown> => {
    fetched.push(url)
    const answer = document
    await held
    if (answer instanceof Error) throw answer
    return answer
  }
  const cache = createJwksCache(
    { outbound: { getJson }, clock: { now: () => now }, log: silentLog },
    { fetch: { maxBytes: 1, timeoutMs: 1 }, maxKeys: 20, requiresKid: true, maxDocuments: 10, ...bounds },
  )
  return {
    fetched,
    publish: (value: unknown): void => {
      document = value
    },
    advance: (ms: number): void => {
      now += ms
    },
    hold: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    ask: (kid: string | undefined, changes: Partial<JwksSource> = {}): Promise<KeyObject[] | undefined> =>
      cache.candidates({ ...source, ...changes }, { alg: 'ES256', kid }),
  }
}

const count = async (found: Promise<KeyObject[] | undefined>): Promise<number | undefined> => (await found)?.length

test('T-SS-08 – a thousand invented kids cause one fetch an interval', async () => {
  const world = createWorld()
  world.publish({ keys: [jwk] })
  assert.equal(await count(world.ask('k1')), 1)
  for (let i = 0; i < 1_000; i++) assert.equal(await count(world.ask(`invented-${i}`)), 0)
  assert.equal(world.fetched.length, 1)
  world.advance(59_999)
  assert.equal(await count(world.ask('invented')), 0)
  assert.equal(world.fetched.length, 1)
  world.advance(1)
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => world.ask(`invented-${i}`)))
  assert.equal(world.fetched.length, 2)
})

test('two hundred callers with a kid that nobody knows yet share one fetch, and all of them succeed', async () => {
  const world = createWorld()
  world.publish({ keys: [jwk] })
  await world.ask('k1')
  world.advance(60_000)
  world.publish({ keys: [jwk, next] })
  const release = world.hold()
  const callers = Array.from({ length: 200 }, () => count(world.ask('k2')))
  // Who has a known key does not wait for them.
  assert.equal(await count(world.ask('k1')), 1)
  release()
  assert.deepEqual(new Set(await Promise.all(callers)), new Set([1]))
  assert.equal(world.fetched.length, 2)
})

test('while no set was ever to be had there are no keys, which is not the same as a set without the key', async () => {
  const world = createWorld()
  const callers = await Promise.all(Array.from({ length: 20 }, () => world.ask('k1')))
  assert.deepEqual(new Set(callers), new Set([undefined]))
  assert.equal(await world.ask('k1'), undefined)
  assert.equal(world.fetched.length, 1)
  // It is asked again sooner than a set that is known.
  world.advance(5_000)
  world.publish({ keys: [jwk] })
  assert.equal(await count(world.ask('k1')), 1)
  assert.equal(world.fetched.length, 2)
})

for (const [name, document] of Object.entries({
  'a failed fetch': new Error('away'),
  'an answer that is no object': 'keys',
  'an answer without keys': {},
  'an answer whose keys are no list': { keys: { k1: jwk } },
  nothing: null,
}))
  test(`RFC 7517 §5 – ${name} leaves the keys as they were, and is not tried again at once`, async () => {
    const world = createWorld()
    world.publish({ keys: [jwk] })
    await world.ask('k1')
    world.publish(document)
    world.advance(600_000)
    assert.equal(await count(world.ask('k1')), 1)
    assert.equal(await count(world.ask('k2')), 0)
    assert.equal(world.fetched.length, 2)
    world.advance(60_000)
    assert.equal(await count(world.ask('k1')), 1)
    assert.equal(world.fetched.length, 3)
  })

test('a key that was withdrawn is out of use once the set is too old', async () => {
  const world = createWorld()
  world.publish({ keys: [jwk] })
  await world.ask('k1')
  world.publish({ keys: [next] })
  world.advance(599_999)
  assert.equal(await count(world.ask('k1')), 1)
  world.advance(1)
  assert.equal(await count(world.ask('k1')), 0)
})

test('T-IS-08 – owners share neither keys nor the right to ask', async () => {
  const world = createWorld()
  world.publish({ keys: [jwk] })
  await world.ask('k1')
  world.publish({ keys: [next] })
  assert.equal(await count(world.ask('k2')), 0)
  assert.equal(await count(world.ask('k2', { owner: 'other' })), 1)
  assert.equal(world.fetched.length, 2)
})

test('T-SS-07 – memory is bounded: the set that nobody asked about for longest makes room', async () => {
  const world = createWorld({ maxDocuments: 2 })
  world.publish({ keys: [jwk] })
  const other = (name: string) => world.ask('k1', { url: `https://idp.example/${name}` })
  await other('a')
  await other('b')
  await other('a')
  await other('c')
  assert.equal(world.fetched.length, 3)
  await other('a')
  assert.equal(world.fetched.length, 3)
  await other('b')
  assert.equal(world.fetched.length, 4)
})

test('a key without a kid is used only where that is allowed', async () => {
  const nameless = publicJwkOf(key)
  for (const [requiresKid, expected] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const world = createWorld({ requiresKid })
    world.publish({ keys: [nameless] })
    assert.equal(await count(world.ask('k1')), expected)
  }
})

test('T-JW-16 T-JW-17 RFC 7517 §4 – no weak, foreign or private key is used, and none after the last that is looked at', async () => {
  const world = createWorld({ maxKeys: 5 })
  const rsa = createKey('RS256')
  world.publish({
    keys: [
      { ...jwk, use: 'enc' },
      { ...jwk, alg: 'HS256' },
      { kty: 'oct', kid: 'k1', k: 'AAAA' },
      { ...key.privateKey.export({ format: 'jwk' }), kid: 'k1' },
      publicJwkOf(rsa, { kid: 'k1' }),
      jwk,
    ],
  })
  assert.equal(await count(world.ask('k1')), 0)
})
