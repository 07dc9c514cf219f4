/**
 * RFC 6749 §10.10 – whether a client secret that somebody brings along can be one that a machine made. The server keeps only
 * a fast hash of it, which protects nothing that could be guessed.
 */

const MIN_CHARACTERS = 32
const MAX_CHARACTERS = 256
const MIN_BITS = 96
/** The share of neighbours that follow each other, as in `abcd` or `1111`; of random hexadecimal digits it is a sixth. */
const MAX_FOLLOWING = 0.5

/** RFC 6749 Appendix A.2, without the space: that is what people put between words. */
const VSCHAR = /^[\x21-\x7e]+$/

/** Words, or the digits of a number that somebody knows. */
const ONE_CLASS = /^(?:[a-z]+|[A-Z]+|[0-9]+)$/

/** Shannon's, over the characters of the text itself. */
const entropyBits = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / text.length)
  return bits
}

const isPeriodic = (text: string): boolean => (text + text).indexOf(text, 1) < text.length

const followingShare = (text: string): number => {
  const steps = [...text].slice(1).map((character, index) => Math.abs(character.charCodeAt(0) - text.charCodeAt(index)))
  return steps.filter((step) => step <= 1).length / steps.length
}

export const isStrongSecret = (secret: string): boolean =>
  secret.length >= MIN_CHARACTERS &&
  secret.length <= MAX_CHARACTERS &&
  VSCHAR.test(secret) &&
  !ONE_CLASS.test(secret) &&
  !isPeriodic(secret) &&
  entropyBits(secret) >= MIN_BITS &&
  followingShare(secret) <= MAX_FOLLOWING

/** Base64url spells 256 bits with this many. */
const MIN_MAC_KEY_CHARACTERS = 43

/** RFC 7518 §3.2, T-JW-08 – whether it can have the 256 bits that the key of HS256 needs. */
export const isStrongMacKey = (secret: string): boolean => secret.length >= MIN_MAC_KEY_CHARACTERS
