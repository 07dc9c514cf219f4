/** OAuth 2.1 §2.3 and §4.1.1 – which redirect URIs may be registered, and which requested one is a registered one. */

const MAX_CHARACTERS = 2_048

/** OAuth 2.1 §8.4.2 – the loopback addresses; `localhost` is a name, which only matches as it was registered. */
const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Schemes that run or show content instead of reaching an application. */
const FORBIDDEN_SCHEMES = new Set([
  'about',
  'blob',
  'data',
  'file',
  'filesystem',
  'javascript',
  'vbscript',
  'view-source',
  'ws',
  'wss',
])

/** Every parameter that an authorization response may carry: RFC 6749 §4.1.2, RFC 9207, OpenID Connect and JARM. */
const RESPONSE_PARAMETERS = new Set([
  'access_token',
  'code',
  'error',
  'error_description',
  'error_uri',
  'expires_in',
  'id_token',
  'iss',
  'response',
  'scope',
  'session_state',
  'state',
  'token_type',
])

type ApplicationType = 'web' | 'native'

const schemeOf = (uri: string): string | undefined => /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()

/** RFC 8252 §7.1 – a reversed domain name, so that two applications do not share one by accident. */
const isPrivateUseScheme = (scheme: string): boolean => scheme.includes('.') && !FORBIDDEN_SCHEMES.has(scheme)

const isAllowedScheme = (scheme: string | undefined): boolean =>
  scheme === 'https' || scheme === 'http' || (scheme !== undefined && isPrivateUseScheme(scheme))

const hostOf = (uri: string): string | undefined =>
  /^https?:\/\/(\[[^\]]*\]|[^/?#:@[\]]*)(?::[0-9]*)?(?=[/?#]|$)/i.exec(uri)?.[1]

/** http to this same machine: OAuth 2.1 §1.5 lets it do without TLS. */
export const isLoopbackRedirectUri = (uri: string): boolean =>
  schemeOf(uri) === 'http' && LOOPBACK_HOSTS.has(hostOf(uri) ?? '')

/** An address that only its owner can serve. */
export const isHttpsRedirectUri = (uri: string): boolean => uri.startsWith('https://')

/** Dot segments plain, percent-encoded or with a path parameter (`..;`): paths that servers resolve differently. */
const hasDotSegment = (uri: string): boolean =>
  uri
    .replace(/[?].*$/s, '')
    .replace(/%2e/gi, '.')
    .replace(/%2f/gi, '/')
    .replace(/%3b/gi, ';')
    .split('/')
    .some((segment) => /^\.{1,2}(;|$)/.test(segment))

const carriesResponseParameter = (uri: string): boolean => {
  const [, query = ''] = uri.split(/\?(.*)/s)
  return [...new URLSearchParams(query.replaceAll(';', '&')).keys()].some((name) =>
    RESPONSE_PARAMETERS.has(name.toLowerCase()),
  )
}

const hasUserinfo = (uri: string): boolean => /^[^:]*:\/\/[^/?]*@/.test(uri)

const problemOfCharacters = (uri: string): string | undefined => {
  if (uri.length > MAX_CHARACTERS) return 'is longer than 2048 characters'
  // RFC 3986 §2 – nothing but the characters of a URI: no control, no space, no backslash, nothing beyond ASCII.
  if (!/^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/.test(uri)) return 'contains a character that a URI cannot have'
  if (/%(?![0-9A-Fa-f]{2})/.test(uri)) return 'contains an incomplete percent-encoding'
  if (/%(0[0-9a-f]|1[0-9a-f]|7f|5c)/i.test(uri)) return 'contains an encoded control character or backslash'
  // OAuth 2.1 §2.3.1 – whole URIs, compared octet by octet: a pattern would never match.
  if (uri.includes('*')) return 'contains a wildcard'
  // RFC 6749 §3.1.2
  if (uri.includes('#')) return 'contains a fragment'
  return undefined
}

const problemOfWebAddress = (uri: string): string | undefined => {
  if (!URL.canParse(uri)) return 'is not an absolute URI'
  // What browsers rewrite (`https:a`, `127.1`, upper-case hosts, default ports) is not what was checked here.
  const normal = new URL(uri).href
  const withPath = /^https?:\/\/[^/?]+$/.test(uri) ? `${uri}/` : uri.replace(/^(https?:\/\/[^/?]+)\?/, '$1/?')
  if (normal !== withPath) return 'is not written as a browser would send it'
  if (/^[^/]*\/\/[^/?]*\.(:|\/|\?|$)/.test(uri)) return 'has a host that ends with a dot'
  return undefined
}

const problemOfScheme = (uri: string, applicationType: ApplicationType): string | undefined => {
  const scheme = schemeOf(uri)
  if (scheme === undefined) return 'is not an absolute URI'
  if (FORBIDDEN_SCHEMES.has(scheme)) return 'has a scheme that is not allowed'
  if (scheme === 'https') return problemOfWebAddress(uri)
  if (scheme === 'http') return isLoopbackRedirectUri(uri) ? problemOfWebAddress(uri) : 'must use https'
  if (applicationType !== 'native') return 'has a private-use scheme, which only native applications may have'
  // OAuth 2.1 §2.3.1 – a scheme without a dot belongs to nobody.
  if (!isPrivateUseScheme(scheme)) return 'has a private-use scheme without a dot'
  return undefined
}

/**
 * What is wrong with a URI that somebody wants to register, as words that follow its name; undefined when it is fine.
 * For post_logout_redirect_uris too.
 */
export const checkRegisteredRedirectUri = (uri: string, applicationType: ApplicationType): string | undefined => {
  const problem = problemOfCharacters(uri) ?? problemOfScheme(uri, applicationType)
  if (problem) return problem
  if (hasUserinfo(uri)) return 'contains a user name or password'
  if (hasDotSegment(uri)) return 'contains a dot segment'
  if (carriesResponseParameter(uri)) return 'carries a parameter that authorization responses use'
  return undefined
}

/** The parts of an http URI on a loopback address that must be equal; undefined for every other URI. */
const loopbackWithoutPort = (uri: string): string | undefined => {
  const parts = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?((?:[/?].*)?)$/s.exec(uri)
  if (!parts || Number(parts[2] ?? 80) > 65_535) return undefined
  return `${parts[1]}${parts[3]}`
}

const matches = (registered: string, requested: string): boolean => {
  // OAuth 2.1 §4.1.1 – simple string comparison.
  if (registered === requested) return true
  // OAuth 2.1 §8.4.2, RFC 8252 §7.3 – a native application listens on whichever port is free.
  const loopback = loopbackWithoutPort(requested)
  return loopback !== undefined && loopback === loopbackWithoutPort(registered)
}

/** Octet for octet, but for the port of a loopback address. */
export const matchRedirectUri = (registered: readonly string[], requested: string): boolean =>
  isAllowedScheme(schemeOf(requested)) && registered.some((uri) => matches(uri, requested))
