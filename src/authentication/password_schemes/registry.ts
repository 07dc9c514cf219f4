/** Every scheme of which a password hash may be. New ones are made with Argon2id alone; the others come from elsewhere. */
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { pbkdf2 } from './pbkdf2.ts'
import type { PasswordScheme } from './scheme.ts'
import { scrypt } from './scrypt.ts'

const schemes: readonly PasswordScheme[] = [argon2, bcrypt, scrypt, pbkdf2]

const MAX_LENGTH = 256

const schemeOf = (phc: string): PasswordScheme | undefined =>
  schemes.find(({ prefixes }) => prefixes.some((prefix) => phc.startsWith(prefix)))

/** Why no user can be moved in with this hash, in words that quote nothing of it; undefined when one can. */
export const importProblem = (phc: string): string | undefined => {
  const scheme = phc.length <= MAX_LENGTH ? schemeOf(phc) : undefined
  if (!scheme) return 'must be an Argon2id, Argon2i, bcrypt, scrypt, PBKDF2-SHA-256 or PBKDF2-SHA-512 hash'
  return scheme.problem(phc)
}

/** Throws for a hash that `importProblem` has never let in. */
export const verifyWithScheme = (phc: string, password: string): Promise<boolean> => {
  const scheme = schemeOf(phc)
  if (!scheme) throw new Error('A stored password hash is of no known scheme')
  return scheme.verify(phc, password)
}
