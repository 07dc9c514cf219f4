/** Which bucket a request takes from, and how large it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RateLimitParams } from '../../../src/config/schema.ts'
import { createRateLimits } from '../../../src/limits/rate_limits.ts'
import { createTokenBuckets } from '../../../src/limits/token_buckets.ts'
import { metadataWith } from '../../support/authorization.ts'
import { aClient } from '../../support/storage_fixtures.ts'

const open = (params: RateLimitParams) => {
  let now = 0
  const limits = createRateLimits(params, createTokenBuckets({ now: () => now }))
  const advance = (ms: number): void => {
    now += ms
  }
  return { limits, advance }
}

const passing = (times: number, ask: () => unknown): number =>
  Array.from({ length: times }, ask).filter((wait) => wait === 0).length

const IP = '192.0.2.1'

test('nothing is limited that no key names', () => {
  const { limits } = open({})
  assert.equal(limits.isOn(), false)
  assert.equal(
    passing(1_000, () => limits.ofSource(IP, 'main')),
    1_000,
  )
  assert.equal(
    passing(1_000, () => limits.ofRealm('main')),
    1_000,
  )
  assert.equal(
    passing(1_000, () => limits.ofReader(IP)),
    1_000,
  )
  assert.equal(
    passing(1_000, () => limits.ofClient(aClient())),
    1_000,
  )
})

test('a source has its burst, another one its own, and without burst_size it is as many as in a second', () => {
  const { limits } = open({ requests_per_second: 5 })
  assert.equal(limits.isOn(), true)
  for (const source of [IP, '192.0.2.2'])
    assert.equal(
      passing(100, () => limits.ofSource(source, undefined)),
      5,
    )
})

test('the public documents are counted apart, and ten times as many of them', () => {
  const { limits } = open({ requests_per_second: 5, burst_size: 10 })
  assert.equal(
    passing(1_000, () => limits.ofSource(IP, 'main')),
    10,
  )
  assert.equal(
    passing(1_000, () => limits.ofReader(IP)),
    100,
  )
})

test('a realm with a rate of its own has buckets of its own, larger or smaller; the others share one', () => {
  const { limits } = open({
    requests_per_second: 5,
    realms: { busy: { requests_per_second: 50 }, quiet: { requests_per_second: 1 } },
  })
  assert.equal(
    passing(100, () => limits.ofSource(IP, 'busy')),
    50,
  )
  assert.equal(
    passing(100, () => limits.ofSource(IP, 'quiet')),
    1,
  )
  assert.equal(
    passing(100, () => limits.ofSource(IP, 'main')),
    5,
  )
  assert.equal(
    passing(100, () => limits.ofSource(IP, 'other')),
    0,
  )
})

test('a realm takes so much from everybody together, and its table says otherwise for it', () => {
  const { limits } = open({ realm_requests_per_second: 20, realms: { small: { realm_requests_per_second: 2 } } })
  assert.equal(
    passing(100, () => limits.ofRealm('main')),
    20,
  )
  assert.equal(
    passing(100, () => limits.ofRealm('small')),
    2,
  )
})

test('a client has what is registered of it, else what its realm has, else what is configured', () => {
  const { limits } = open({ client_requests_per_second: 5, realms: { other: { client_requests_per_second: 2 } } })
  const of = (clientId: string, realmId: string, own?: { requests_per_second: number; burst_size?: number }) =>
    aClient({ clientId, realmId, metadata: { ...metadataWith({}), ...(own ? { rate_limit: own } : {}) } })
  const count = (client: ReturnType<typeof of>): number => passing(100, () => limits.ofClient(client))
  assert.equal(count(of('a', 'main')), 5)
  assert.equal(count(of('b', 'other')), 2)
  assert.equal(count(of('c', 'other', { requests_per_second: 50 })), 50)
  assert.equal(count(of('d', 'main', { requests_per_second: 1, burst_size: 3 })), 3)
})

test('reload – other limits hold from the next request on, and no bucket is filled by it', () => {
  const { limits, advance } = open({ requests_per_second: 5 })
  passing(5, () => limits.ofSource(IP, undefined))
  limits.reload({ requests_per_second: 1 })
  assert.notEqual(limits.ofSource(IP, undefined), 0)
  advance(1_000)
  assert.equal(
    passing(100, () => limits.ofSource(IP, undefined)),
    1,
  )
  limits.reload({})
  assert.equal(limits.isOn(), false)
  assert.equal(
    passing(100, () => limits.ofSource(IP, undefined)),
    100,
  )
  limits.reload({ realms: { main: { realm_requests_per_second: 1 } } })
  assert.equal(limits.isOn(), true)
})
