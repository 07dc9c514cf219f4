/** One-way hashing of machine-made secrets, and comparison that takes the same time whatever differs. */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** SHA-256 as base64url, 43 characters. Only for secrets of at least 112 bits (OWASP ASVS 6.5.2); passwords go through Argon2id. */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** HMAC-SHA-256 as base64url, 43 characters. */
export const hmacSha256 = (key: string, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** Constant in the content; the length is not a secret. */
export const constantTimeEquals = (a: string, b: string): boolean => {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
