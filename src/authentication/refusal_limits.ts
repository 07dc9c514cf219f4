/**
 * OWASP ASVS 6.3.1 – how often one source may show credentials that are refused. Nobody guesses a signature: this keeps a
 * stranger from filling the audit trail.
 */
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { tooManyRequests } from '../oauth/errors.ts'
import { sourceOf } from '../system/source.ts'
import type { Proof } from './first_factor.ts'

const WINDOW_SECONDS = 300
const REFUSALS_PER_SOURCE = 300

export const createRefusalLimits = () => {
  const refusals = new RateLimiterMemory({ points: REFUSALS_PER_SOURCE, duration: WINDOW_SECONDS })

  /** Throws too_many_requests without having run `prove`. */
  return async (ip: string, prove: () => Promise<Proof>): Promise<Proof> => {
    const source = sourceOf(ip)
    const state = await refusals.get(source)
    if (state !== null && state.consumedPoints >= REFUSALS_PER_SOURCE)
      throw tooManyRequests('Too many attempts to sign in', state.msBeforeNext)
    const proof = await prove()
    if (!proof.isProved) await refusals.penalty(source)
    return proof
  }
}
