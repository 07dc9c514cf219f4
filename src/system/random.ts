/** Unguessable values. RFC 6749 §10.10 asks for at most 2^-128 chance of a guess; these carry 256 bits. */
import { randomBytes } from 'node:crypto'

export type Random = {
  /** A secret of 256 bits, base64url, 43 characters: codes, refresh tokens, cookie values, client secrets. */
  secret(): string
  /** A public identifier of 128 bits, base64url, 22 characters: subjects, session ids, jti. */
  id(): string
}

const POOL_BYTES = 4096

/** Draws from the system generator in batches: one call per 4 KiB costs a tenth of one call per value. */
const createRandom = (): Random => {
  let pool = Buffer.alloc(0)
  let used = 0
  const take = (size: number): string => {
    if (used + size > pool.length) {
      pool = randomBytes(POOL_BYTES)
      used = 0
    }
    const text = pool.toString('base64url', used, used + size)
    pool.fill(0, used, used + size)
    used += size
    return text
  }
  return { secret: () => take(32), id: () => take(16) }
}

export const systemRandom: Random = createRandom()
