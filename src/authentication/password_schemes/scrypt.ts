/** RFC 7914 – scrypt, as the PHC string `$scrypt$ln=16,r=8,p=1$salt$hash` (ln is the binary logarithm of the cost N). */
import { scrypt as derive, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { constantTimeEquals } from '../../system/hashing.ts'
import { decode, isHash, isSalt } from './phc_base64.ts'
import { COST_PROBLEM, type PasswordScheme } from './scheme.ts'

const FORM = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)$/

const MIN_MEMORY_BYTES = 1_048_576
const MAX_MEMORY_BYTES = 268_435_456
/** 1 GiB filled: a few seconds of one core. */
const MAX_WORK_BYTES = 1_073_741_824

const deriveKey = promisify<string, Buffer, number, ScryptOptions, Buffer>(derive)

type Parsed = { logN: number; r: number; p: number; salt: Buffer; hash: Buffer }

const parse = (phc: string): Parsed | undefined => {
  const [, logN, r, p, salt = '', hash = ''] = FORM.exec(phc) ?? []
  if (logN === undefined) return undefined
  const parsed = { logN: Number(logN), r: Number(r), p: Number(p), salt: decode(salt), hash: decode(hash) }
  return isSalt(parsed.salt) && isHash(parsed.hash) ? parsed : undefined
}

/** RFC 7914 §2 – what one pass fills. */
const memoryOf = ({ logN, r }: Parsed): number => 128 * r * 2 ** logN

const isSane = (parsed: Parsed): boolean => {
  const memory = memoryOf(parsed)
  return memory >= MIN_MEMORY_BYTES && memory <= MAX_MEMORY_BYTES && memory * parsed.p <= MAX_WORK_BYTES
}

export const scrypt: PasswordScheme = {
  prefixes: ['$scrypt$'],
  problem(phc) {
    const parsed = parse(phc)
    if (!parsed) return 'must be a scrypt PHC string with ln, r and p'
    return isSane(parsed) ? undefined : COST_PROBLEM
  },
  async verify(phc, password) {
    const parsed = parse(phc)
    if (!parsed) return false
    const { logN, r, p, salt, hash } = parsed
    // The engine counts a little more than the table itself.
    const maxmem = 2 * memoryOf(parsed) + 1024 * p * r
    const derived = await deriveKey(password, salt, hash.length, { N: 2 ** logN, r, p, maxmem })
    return constantTimeEquals(derived.toString('base64'), hash.toString('base64'))
  },
}
