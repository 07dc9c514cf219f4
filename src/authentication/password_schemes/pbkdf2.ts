/**
 * RFC 8018 §5.2 – PBKDF2 with HMAC-SHA-256 or HMAC-SHA-512, as a PHC string (`$pbkdf2-sha256$i=600000$salt$hash`) and as
 * passlib writes it (`$pbkdf2-sha256$600000$salt$hash`, with a dot for the plus sign).
 */
import { pbkdf2 as derive } from 'node:crypto'
import { promisify } from 'node:util'
import { constantTimeEquals } from '../../system/hashing.ts'
import { decode, isHash, isSalt } from './phc_base64.ts'
import { COST_PROBLEM, type PasswordScheme } from './scheme.ts'

const FORM = /^\$pbkdf2-(sha256|sha512)\$(?:i=)?([1-9]\d{0,7})(?:,l=([1-9]\d?))?\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)$/

const DIGEST_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha512: 64 }

const MIN_ITERATIONS = 10_000
/** About two seconds of one core. */
const MAX_WORK = 3_000_000

const deriveKey = promisify(derive)

type Parsed = { digest: string; iterations: number; salt: Buffer; hash: Buffer }

const parse = (phc: string): Parsed | undefined => {
  const [, digest, iterations, length, salt = '', hash = ''] = FORM.exec(phc) ?? []
  if (digest === undefined) return undefined
  const parsed = { digest, iterations: Number(iterations), salt: decode(salt), hash: decode(hash) }
  const isLengthTrue = length === undefined || Number(length) === parsed.hash.length
  return isLengthTrue && isSalt(parsed.salt) && isHash(parsed.hash) ? parsed : undefined
}

/** Each block of output is computed anew. */
const isSane = ({ digest, iterations, hash }: Parsed): boolean =>
  iterations >= MIN_ITERATIONS && iterations * Math.ceil(hash.length / (DIGEST_BYTES[digest] ?? 1)) <= MAX_WORK

export const pbkdf2: PasswordScheme = {
  prefixes: ['$pbkdf2-sha256$', '$pbkdf2-sha512$'],
  problem(phc) {
    const parsed = parse(phc)
    if (!parsed) return 'must be a PBKDF2 hash as a PHC string or as passlib writes it'
    return isSane(parsed) ? undefined : COST_PROBLEM
  },
  async verify(phc, password) {
    const parsed = parse(phc)
    if (!parsed) return false
    const derived = await deriveKey(password, parsed.salt, parsed.iterations, parsed.hash.length, parsed.digest)
    return constantTimeEquals(derived.toString('base64'), parsed.hash.toString('base64'))
  },
}
