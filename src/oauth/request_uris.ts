/** OpenID Connect Dynamic Client Registration 1.0 §2 – addresses at which a client keeps request objects. */

/** RFC 9101 §5.2 – longer ones do not reach every server. */
const MAX_CHARACTERS = 512

/** OpenID Connect Core §6.2 – SHA-256, base64url. */
export const isContentHash = (fragment: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(fragment)

/** What is wrong with an address beside what is wrong with any; undefined when nothing is. */
export const requestUriProblem = (uri: string): string | undefined => {
  if (uri.length > MAX_CHARACTERS) return `must have at most ${MAX_CHARACTERS} characters`
  const hash = uri.split('#').slice(1)
  return hash.every(isContentHash) ? undefined : 'must have no fragment but a SHA-256 hash in base64url'
}
