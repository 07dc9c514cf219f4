/**
 * RFC 9106 – Argon2id, and the verification of every other scheme, behind one bounded queue. Hashes share a few threads with everything else in the process: without a
 * bound, a burst of logins keeps every signature waiting for seconds.
 */
import { hash } from '@node-rs/argon2'
import type { PasswordHashingParams } from '../config/schema.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Log } from '../system/log.ts'
import { createBoundedQueue } from './bounded_queue.ts'
import { argon2idCost } from './password_schemes/argon2.ts'
import { verifyWithScheme } from './password_schemes/registry.ts'

const RETRY_AFTER_SECONDS = 1

/** Passwords come in NFC and bounded: see password_policy.ts. All but needsRehash throw temporarily_unavailable past the capacity. */
export const createPasswordHashing = (params: PasswordHashingParams, log: Log) => {
  const queue = createBoundedQueue({ maxRunning: params.max_concurrent, maxWaiting: params.max_queue })
  // The library's algorithm is Argon2id unless another is named.
  const options = { memoryCost: params.memory_kib, timeCost: params.iterations, parallelism: params.parallelism }
  // No password is known for this one, and checking one against it costs what a real check costs.
  const nobody = `$argon2id$v=19$m=${params.memory_kib},t=${params.iterations},p=${params.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`

  const queued = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!queue.isFull()) return await queue.run(work)
    log.warn('password hashing is at its capacity')
    throw new OAuthError('temporarily_unavailable', 'Too many passwords are being checked at this moment', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    })
  }

  return {
    /** How many hashes are computed and how many wait at this moment. */
    load: queue.load,

    hash: (password: string): Promise<string> => queued(() => hash(password, options)),

    /** A hash of another scheme, which came from another system, may take another time than ours: until its first login. */
    verify: (phc: string, password: string): Promise<boolean> => queued(() => verifyWithScheme(phc, password)),

    /** Takes the time of a verification, for a user who does not exist or has no password. */
    async verifyNobody(password: string): Promise<void> {
      await queued(() => verifyWithScheme(nobody, password))
    },

    /** True when the hash was made by another scheme or at another cost than the configured one. */
    needsRehash(phc: string): boolean {
      const cost = argon2idCost(phc)
      return (
        cost?.memoryKib !== params.memory_kib ||
        cost.iterations !== params.iterations ||
        cost.parallelism !== params.parallelism
      )
    },
  }
}

export type PasswordHashing = ReturnType<typeof createPasswordHashing>
