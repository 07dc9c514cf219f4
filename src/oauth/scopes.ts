/** RFC 6749 §3.3 – scopes: their syntax, the standard ones, and what each gives in the words of the consent page. */
import { OAuthError } from './errors.ts'

const MAX_SCOPES = 64
const MAX_SCOPE_CHARACTERS = 2_048

/** What a person reads: it completes "This allows the application to …". */
const standardWords = new Map([
  ['openid', 'Know who you are by an identifier of this service'],
  ['profile', 'See your name and profile'],
  ['email', 'See your email address'],
  ['address', 'See your postal address'],
  ['phone', 'See your phone number'],
  ['offline_access', 'Keep this access when you are not using the application'],
  ['roles', 'See your roles and groups'],
])

/** OpenID Connect Core §5.4 and §11, and `roles` of our own. */
export const STANDARD_SCOPES: readonly string[] = [...standardWords.keys()]

/** scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
export const isScopeToken = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

/** The scopes of a parameter in their order, each once; none when it is absent. Throws invalid_scope. */
export const parseScope = (scope: string | undefined): string[] => {
  if (scope === undefined) return []
  if (scope.length > MAX_SCOPE_CHARACTERS) throw new OAuthError('invalid_scope', 'The scope parameter is too long')
  const scopes = [...new Set(scope.split(' ').filter((token) => token !== ''))]
  if (scopes.length > MAX_SCOPES) throw new OAuthError('invalid_scope', 'The scope parameter names too many scopes')
  if (!scopes.every(isScopeToken)) throw new OAuthError('invalid_scope', 'The scope parameter is malformed')
  return scopes
}

export const joinScope = (scopes: readonly string[]): string => scopes.join(' ')

export const isSubset = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((scope) => all.includes(scope))

/** What the scope gives, for a person to read: the realm's own description, or at least its name. */
export const scopeWords = (name: string, description: string | undefined): string =>
  standardWords.get(name) ?? description ?? name
