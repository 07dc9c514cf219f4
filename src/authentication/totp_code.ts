/** RFC 6238 and RFC 4226 – the algorithm of one-time codes, and the secret that an authenticator app shares with us. */
import { Secret, TOTP } from 'otpauth'
import type { TotpAlgorithm } from '../storage/totp_credentials.ts'
import type { Random } from '../system/random.ts'

const DIGITS = 6

/** RFC 6238 §5.2 – one step of delay either way: for the way here, and for a clock that is not quite right. */
const DRIFT = 1

// RFC 4226 §4 R6 – at least 128 bits.
const MIN_SECRET_BYTES = 16
const MAX_SECRET_BYTES = 128

/** RFC 6238 §5.1 – as long as the output of the HMAC. */
const SECRET_BYTES: Record<TotpAlgorithm, number> = { SHA1: 20, SHA256: 32, SHA512: 64 }

export type TotpKey = { secretBase32: string; algorithm: TotpAlgorithm; step: number }

export const isTotpCode = (text: string): boolean => /^[0-9]{6}$/.test(text)

export const newSecret = (algorithm: TotpAlgorithm, random: Random): string => {
  const bytes = Buffer.from(random.secret() + random.secret(), 'base64url').subarray(0, SECRET_BYTES[algorithm])
  return new Secret({ buffer: new Uint8Array(bytes).buffer }).base32
}

/** As an authenticator app has it: without spaces and padding, in capitals. Undefined when it is none, or too weak. */
export const canonicalSecret = (text: string): string | undefined => {
  const base32 = text.replaceAll(' ', '').replace(/=+$/, '').toUpperCase()
  if (!/^[A-Z2-7]+$/.test(base32) || base32.length > MAX_SECRET_BYTES * 2) return undefined
  const { length } = Secret.fromBase32(base32).bytes
  return length >= MIN_SECRET_BYTES && length <= MAX_SECRET_BYTES ? base32 : undefined
}

/** The time step, counted since the epoch, of which it is the code; undefined when it is of none that counts now. */
export const findStep = ({ secretBase32, algorithm, step }: TotpKey, code: string, now: number): number | undefined => {
  if (!isTotpCode(code)) return undefined
  const secret = Secret.fromBase32(secretBase32)
  const common = { period: step, timestamp: now }
  const delta = TOTP.validate({ token: code, secret, algorithm, digits: DIGITS, window: DRIFT, ...common })
  return delta === null ? undefined : TOTP.counter(common) + delta
}

/** The key URI that an app reads from the QR code; `issuer` and `username` are what it shows. */
export const otpauthUrl = (key: TotpKey, issuer: string, username: string): string =>
  new TOTP({
    issuer,
    label: username,
    secret: key.secretBase32,
    algorithm: key.algorithm,
    digits: DIGITS,
    period: key.step,
  }).toString()
