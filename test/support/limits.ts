/** Limits of one node for units: counts that begin empty, and no bound on requests. */
import { createCounting } from '../../src/limits/attempt_counts.ts'
import { createRateLimits } from '../../src/limits/rate_limits.ts'
import { createRefusalNotes } from '../../src/limits/refusal_notes.ts'
import { createTokenBuckets } from '../../src/limits/token_buckets.ts'
import { systemClock } from '../../src/system/clock.ts'
import { silentLog } from './databases.ts'

export const limitsOfOneNode = ({ now } = systemClock, params: Parameters<typeof createRateLimits>[0] = {}) => ({
  counting: createCounting({ now }),
  rateLimits: createRateLimits(params, createTokenBuckets({ now })),
  noteRefusal: createRefusalNotes({ now, log: silentLog }),
})
