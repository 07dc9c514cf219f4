/** RFC 6749 §4.1.2 and RFC 9207 – the answer to an authorization request, for whichever way it travels. */
import type { ResponseTarget } from '../oauth/authorization_request.ts'
import type { OAuthError } from '../oauth/errors.ts'
import { isHttpsRedirectUri, isLoopbackRedirectUri } from '../oauth/redirect_uri.ts'

export type ResponseFields = Record<string, string>

// RFC 9207 §2 – every answer names who gave it, errors as well.
const common = (issuer: string, { state }: ResponseTarget): ResponseFields =>
  state === undefined ? { iss: issuer } : { state, iss: issuer }

export const codeFields = (issuer: string, target: ResponseTarget, code: string): ResponseFields => ({
  code,
  ...common(issuer, target),
})

/** RFC 6749 §4.1.2.1 */
export const errorFields = (issuer: string, target: ResponseTarget, error: OAuthError): ResponseFields => ({
  error: error.code,
  error_description: error.description,
  ...common(issuer, target),
})

/** OAuth 2.0 Multiple Response Types §2.1 – no registered redirect URI has a fragment of its own. */
export const fragmentLocation = (redirectUri: string, fields: ResponseFields): string =>
  `${redirectUri}#${new URLSearchParams(fields)}`

/** The redirect URI as it was registered, its own query kept, with the fields after it once. RFC 6749 §3.1.2. */
export const redirectLocation = (redirectUri: string, fields: ResponseFields): string => {
  const query = new URLSearchParams(fields).toString()
  if (!redirectUri.includes('?')) return `${redirectUri}?${query}`
  return /[?&]$/.test(redirectUri) ? `${redirectUri}${query}` : `${redirectUri}&${query}`
}

/**
 * What `form-action` must let through on a page whose form ends at the redirect URI. Browsers hold every redirect after
 * the form to it, those of the client's own callback too, so any https address is let through.
 */
export const formActionFor = (redirectUri: string): string[] => {
  if (isHttpsRedirectUri(redirectUri)) return ['https:']
  // CSP has no form for [::1].
  if (isLoopbackRedirectUri(redirectUri))
    return ['https:', redirectUri.startsWith('http://[') ? 'http:' : new URL(redirectUri).origin]
  return ['https:', redirectUri.slice(0, redirectUri.indexOf(':') + 1)]
}

/** What the consent page shows as the place where the answer goes. */
export const redirectHost = (redirectUri: string): string =>
  /^https?:/.test(redirectUri) ? new URL(redirectUri).host : redirectUri.slice(0, redirectUri.indexOf(':') + 1)
