/**
 * Limits that all nodes share, in the Redis of the sessions and over a connection of their own. A Redis that is away or silent
 * is left alone for a moment, so that an outage costs one request in a second its 300 ms and the others nothing.
 */
import { createRequire } from 'node:module'
import type { Result } from 'ioredis'
import { connectRedis } from '../sessions/redis_connection.ts'
import type { Milliseconds } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import type { Count, SharedCounts } from './attempt_counts.ts'
import type { Rate, SharedBuckets } from './token_buckets.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeToken(key: string, step: number, whole: number): Result<number, Context>
  }
}

const PREFIX = 'auth_server:limit'

const PAUSE_MS = 1_000

/** The bucket of token_buckets.ts, by the clock of Redis: one clock for all nodes. */
const TAKE_TOKEN = `
local time = redis.call('TIME')
local at = time[1] * 1000 + time[2] / 1000
local step, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = tonumber(redis.call('GET', KEYS[1]) or at)
local next = math.max(math.min(known, at + whole), at) + step
local wait = next - at - whole
if wait > 0.001 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', next), 'PX', math.ceil(next - at))
return 0
`

export type SharedLimits = { counts: SharedCounts; buckets: SharedBuckets; close(): Promise<void> }

/** Loaded when it is configured: a server without Redis starts faster and stays smaller. */
const loadLimiter = () =>
  (createRequire(import.meta.url)('rate-limiter-flexible') as typeof import('rate-limiter-flexible')).RateLimiterRedis

/** Hashed, because a name may hold any character and should not be read there. */
const keyOf = (key: string): string => sha256(key)

export const openSharedLimits = (url: string, log: Log, now: () => Milliseconds): SharedLimits => {
  const scripts = { takeToken: { lua: TAKE_TOKEN, numberOfKeys: 1 } }
  const redis = connectRedis(url, log, { what: 'the store of shared limits', scripts })
  const RateLimiterRedis = loadLimiter()
  // What is too many is decided by who counts: here everything is counted.
  const limiter = new RateLimiterRedis({ storeClient: redis, keyPrefix: PREFIX, points: 1, duration: 1 })
  let awaySince: Milliseconds | undefined

  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    if (redis.status !== 'ready' || (awaySince !== undefined && Math.abs(now() - awaySince) < PAUSE_MS))
      throw new Error('Redis is away')
    try {
      const answer = await question()
      awaySince = undefined
      return answer
    } catch (error) {
      awaySince = now()
      throw error
    }
  }

  const toCount = ({ consumedPoints, msBeforeNext }: { consumedPoints: number; msBeforeNext: number }): Count => ({
    count: consumedPoints,
    msLeft: msBeforeNext,
  })

  return {
    counts: {
      add: (key, by, windowMs) =>
        ask(async () => {
          const options = { customDuration: Math.max(1, Math.ceil(windowMs / 1000)) }
          const change = by === 1 ? limiter.penalty : limiter.reward
          return toCount(await change.call(limiter, keyOf(key), 1, options))
        }),
      read: (key) =>
        ask(async () => {
          const found = await limiter.get(keyOf(key))
          return found === null || found.consumedPoints <= 0 ? undefined : toCount(found)
        }),
      forget: (key) => ask(async () => void (await limiter.delete(keyOf(key)))),
    },

    buckets: {
      take: (key: string, { perSecond, burst }: Rate) =>
        ask(() => {
          const step = 1000 / perSecond
          return redis.takeToken(`${PREFIX}:bucket:${keyOf(key)}`, step, step * burst)
        }),
    },

    async close() {
      if (redis.status === 'ready') await redis.quit().catch(() => undefined)
      redis.disconnect()
    },
  }
}
