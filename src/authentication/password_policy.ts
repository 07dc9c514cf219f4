/** NIST SP 800-63B §3.1.1.2 and OWASP ASVS 6.2 – which passwords are taken: by length and by how often they are guessed, never by what they are made of. */
import { isCommonPassword } from './common_passwords.ts'

const MIN_CODE_POINTS = 8
const MAX_CODE_POINTS = 256
const MAX_BYTES = 1_024

/**
 * The one form in which a password is hashed and checked: NFC, so that it is the same from every keyboard. Undefined for a
 * text that no account can have as its password; it must not reach the hash, whose time grows with the length.
 */
export const toPassword = (text: string): string | undefined => {
  if (text === '' || text.length > MAX_BYTES || !text.isWellFormed()) return undefined
  const password = text.normalize('NFC')
  return Buffer.byteLength(password) <= MAX_BYTES ? password : undefined
}

export type PasswordProblem = 'malformed' | 'too_short' | 'too_long' | 'common' | 'like_username' | 'same'

const descriptions: Record<PasswordProblem, string> = {
  malformed: 'The password is not well-formed text',
  too_short: 'The password must have at least 8 characters',
  too_long: 'The password must have at most 256 characters and 1024 bytes',
  common: 'The password is one of the most common ones',
  like_username: 'The password must not be the username',
  same: 'The new password must not be the current one',
}

export const describePasswordProblem = (problem: PasswordProblem): string => descriptions[problem]

const problemOf = (password: string, username: string): PasswordProblem | undefined => {
  const length = [...password].length
  if (length < MIN_CODE_POINTS) return 'too_short'
  if (length > MAX_CODE_POINTS) return 'too_long'
  if (password.toLowerCase() === username.toLowerCase()) return 'like_username'
  return isCommonPassword(password) ? 'common' : undefined
}

const problemOfUnusable = (text: string): PasswordProblem => {
  if (text === '') return 'too_short'
  return text.isWellFormed() ? 'too_long' : 'malformed'
}

/** A password that somebody wants to have from now on. */
export const checkNewPassword = (
  text: string,
  username: string,
): { password: string; problem?: undefined } | { problem: PasswordProblem } => {
  const password = toPassword(text)
  if (password === undefined) return { problem: problemOfUnusable(text) }
  const problem = problemOf(password, username)
  return problem ? { problem } : { password }
}
