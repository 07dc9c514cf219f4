/**
 * OWASP ASVS 6.3.1 – how often one source may show credentials that are refused. Nobody guesses a signature: this keeps a
 * stranger from filling the audit trail.
 */
import type { Counting } from '../limits/attempt_counts.ts'
import { tooManyRequests } from '../oauth/errors.ts'
import { sourceOf } from '../system/source.ts'
import type { Proof } from './first_factor.ts'

const WINDOW_MS = 300_000
const REFUSALS_PER_SOURCE = 300

export const createRefusalLimits = (counting: Counting) => {
  const refusals = counting({ name: 'refused_tokens', windowMs: WINDOW_MS })

  /** Throws too_many_requests without having run `prove`. */
  return async (ip: string, prove: () => Promise<Proof>): Promise<Proof> => {
    const source = sourceOf(ip)
    const state = refusals.peek(source)
    if (state && state.count >= REFUSALS_PER_SOURCE) throw tooManyRequests('Too many attempts to sign in', state.msLeft)
    const proof = await prove()
    if (!proof.isProved) await refusals.add(source)
    return proof
  }
}
