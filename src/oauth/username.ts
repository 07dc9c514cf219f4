/** PRECIS-like rules for usernames (RFC 8265 §3) – what two people could not tell apart must not be two names (T-BF-11). */

const MAX_CHARACTERS = 256

/** Controls, format characters (bidi overrides among them), private use, unassigned and lone surrogates. */
const OTHER = /\p{C}/u

/** Shown as nothing at all, such as the Hangul filler. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u

const OTHER_SPACE = /[^\P{Z} ]/u

const countAt = (text: string): number => text.split('@').length

/** What is wrong with it, as words that follow "username"; undefined when it is fine. */
export const usernameProblem = (username: string): string | undefined => {
  if (username === '') return 'must not be empty'
  if (username.length > MAX_CHARACTERS) return 'is longer than 256 characters'
  if (!username.isWellFormed() || OTHER.test(username) || INVISIBLE.test(username))
    return 'contains invisible characters'
  if (OTHER_SPACE.test(username) || username !== username.trim()) return 'contains a space that cannot be seen as one'
  // RFC 7617 §2 – a user-id with a colon cannot be sent.
  if (username.includes(':')) return 'contains a colon'
  // RFC 3986 §5.2.4 – as part of a URL's path these two would vanish.
  if (username === '.' || username === '..') return 'must not be a dot segment'
  const normal = username.normalize('NFKC')
  if (normal.length > MAX_CHARACTERS) return 'is longer than 256 characters'
  // What becomes a separator only by normalisation was not meant to be read as one.
  if (countAt(normal) !== countAt(username) || normal.includes(':') || normal !== normal.trim())
    return 'contains a character that is normalised to a separator'
  return undefined
}
