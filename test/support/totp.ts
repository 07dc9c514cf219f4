/** An authenticator app, as far as a test needs one: by the library's own generator, at the time that the test takes for now. */
import { Secret, TOTP } from 'otpauth'
import type { TotpAlgorithm } from '../../src/storage/totp_credentials.ts'

export type App = {
  secret: string
  /** The code of `offset` steps from now. */
  code(now: number, offset?: number): string
}

export const createApp = (secret: string, algorithm: TotpAlgorithm = 'SHA1', step = 30): App => {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm, digits: 6, period: step })
  return { secret, code: (now, offset = 0) => totp.generate({ timestamp: now + offset * step * 1000 }) }
}

/** A code that is right at none of the times around now. */
export const wrongCode = (app: App, now: number): string => {
  const right = new Set([-2, -1, 0, 1, 2].map((offset) => app.code(now, offset)))
  return Array.from({ length: 9 }, (_, digit) => `${digit}`.repeat(6)).find((code) => !right.has(code)) ?? '000000'
}
