/** Lookup secrets of NIST SP 800-63B §3.1.2: ten codes for who lost the authenticator app, each good once (T-BF-15). */
import { sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'

const CODES = 10

/** Crockford's base 32: no letter looks like a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUPS = 5
const GROUP_LENGTH = 5

// OWASP ASVS 6.5.2 – 125 bits: with 112 and more a plain hash is enough.
const LENGTH = GROUPS * GROUP_LENGTH

const newCode = (random: Random): string => {
  const bytes = Buffer.from(random.secret(), 'base64url').subarray(0, LENGTH)
  const characters = Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('')
  return characters.replace(/.{5}(?=.)/g, '$&-')
}

/** `ABCDE-FGHJK-MNPQR-STVWX-YZ012`: shown once, and kept only as hashes. */
export const newRecoveryCodes = (random: Random): string[] => Array.from({ length: CODES }, () => newCode(random))

/** However it was typed: in either case, with dashes, spaces or none. Undefined when it is no recovery code. */
export const recoveryCodeHash = (text: string): string | undefined => {
  const code = text
    .slice(0, 4 * LENGTH)
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{25}$/.test(code) ? sha256(code) : undefined
}
