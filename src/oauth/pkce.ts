/** RFC 7636 – Proof Key for Code Exchange. Only S256: OAuth 2.1 §4.1.1 leaves `plain` out. */
import { constantTimeEquals, sha256 } from '../system/hashing.ts'

export const CODE_CHALLENGE_METHODS = ['S256'] as const

/** RFC 7636 §4.2 – the base64url of 32 octets. */
export const isCodeChallenge = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

/** RFC 7636 §4.1 – 43 to 128 unreserved characters; asked before any hashing, so that a short one cannot be tried. */
export const isCodeVerifier = (text: string): boolean => /^[A-Za-z0-9._~-]{43,128}$/.test(text)

/** RFC 7636 §4.6 */
export const verifyPkce = (challenge: string, verifier: string): boolean =>
  isCodeVerifier(verifier) && constantTimeEquals(sha256(verifier), challenge)
