/** Everything that counts: on this node alone, or in Redis where the sessions are there. */
import type { Config } from '../config/schema.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import { type Counting, createCounting } from './attempt_counts.ts'
import { createRateLimits, type RateLimits } from './rate_limits.ts'
import { openSharedLimits } from './redis_limits.ts'
import { createRefusalNotes, type NoteRefusal } from './refusal_notes.ts'
import { createTokenBuckets } from './token_buckets.ts'

export type LimitsDeps = {
  config: Pick<Config, 'sessions_store_params' | 'rate_limit_params'>
  clock: Clock
  log: Log
}

export type Limits = { counting: Counting; rateLimits: RateLimits; noteRefusal: NoteRefusal; close(): Promise<void> }

export const openLimits = ({ config, clock, log }: LimitsDeps): Limits => {
  const { backend, connection_url: url } = config.sessions_store_params
  const { now } = clock
  const shared = backend === 'redis' ? openSharedLimits(url, log, now) : undefined
  const buckets = createTokenBuckets({ now, shared: shared?.buckets })
  return {
    counting: createCounting({ now, shared: shared?.counts }),
    rateLimits: createRateLimits(config.rate_limit_params, buckets),
    noteRefusal: createRefusalNotes({ now, log }),
    close: async () => await shared?.close(),
  }
}
