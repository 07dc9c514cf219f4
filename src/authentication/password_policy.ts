/** NIST SP 800-63B §3.1.1.2 and OWASP ASVS 6.2 – which passwords are taken: by length and by how often they are guessed, never by what they are made of. */
import { isCommonPassword, isMadeOf, reversed } from './common_passwords.ts'

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

/** The context in which a guess is made: whose password it is, and where. */
export type PasswordContext = { username: string; realmId: string }

export type PasswordProblem =
  | 'malformed'
  | 'too_short'
  | 'too_long'
  | 'common'
  | 'like_username'
  | 'like_service'
  | 'same'

const descriptions: Record<PasswordProblem, string> = {
  malformed: 'The password is not well-formed text',
  too_short: 'The password must have at least 8 characters',
  too_long: 'The password must have at most 256 characters and 1024 bytes',
  common: 'The password is one of the most common ones',
  like_username: 'The password must not be made of the username',
  like_service: 'The password must not be made of the name of the realm or of this server',
  same: 'The new password must not be the current one',
}

export const describePasswordProblem = (problem: PasswordProblem): string => descriptions[problem]

const PRODUCT = 'auth_server'

/** Shorter ones are part of too much. */
const MIN_WORD = 3

/** A name as it is, without what is no letter and no digit, without what follows an @, and each of them backwards. */
const formsOf = (name: string): Set<string> => {
  const lower = name.normalize('NFC').toLowerCase()
  const whole = [lower, lower.split('@', 1)[0] ?? '']
  const forms = [...whole, ...whole.map((form) => form.replace(/[^\p{L}\p{N}]/gu, ''))]
  return new Set([...forms, ...forms.map(reversed)].filter((form) => form.length >= MIN_WORD))
}

const isLike = (password: string, ...names: string[]): boolean => {
  const forms = new Set(names.flatMap((name) => [...formsOf(name)]))
  return isMadeOf(password.toLowerCase(), (word) => forms.has(word))
}

const problemOf = (password: string, { username, realmId }: PasswordContext): PasswordProblem | undefined => {
  const length = [...password].length
  if (length < MIN_CODE_POINTS) return 'too_short'
  if (length > MAX_CODE_POINTS) return 'too_long'
  if (isLike(password, username)) return 'like_username'
  if (isLike(password, realmId, PRODUCT)) return 'like_service'
  return isCommonPassword(password) ? 'common' : undefined
}

const problemOfUnusable = (text: string): PasswordProblem => {
  if (text === '') return 'too_short'
  return text.isWellFormed() ? 'too_long' : 'malformed'
}

/** A password that somebody wants to have from now on. */
export const checkNewPassword = (
  text: string,
  context: PasswordContext,
): { password: string; problem?: undefined } | { problem: PasswordProblem } => {
  const password = toPassword(text)
  if (password === undefined) return { problem: problemOfUnusable(text) }
  const problem = problemOf(password, context)
  return problem ? { problem } : { password }
}
