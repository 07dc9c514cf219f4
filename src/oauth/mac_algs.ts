/**
 * RFC 7518 §3.2 – message authentication under a secret that a client and this server share. HS256 alone: the secrets that
 * this server makes have the 256 bits that it asks for, and none of the larger ones.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

export type MacAlg = 'HS256'

export const MAC_ALGS: readonly MacAlg[] = ['HS256']

export const toMacAlg = (name: unknown): MacAlg | undefined => MAC_ALGS.find((alg) => alg === name)

/** False for a tag that does not fit, and for a key that is no secret (T-JW-01). */
export const verifyMac = (key: KeyObject, input: string, tag: Buffer): boolean => {
  if (key.type !== 'secret') return false
  const expected = createHmac('sha256', key).update(input).digest()
  return tag.length === expected.length && timingSafeEqual(tag, expected)
}
