/** OpenID Connect Core §3.1.2.3 – what has to happen before an authorization request can be answered. */
import type { AuthorizationDetail } from '../oauth/authorization_details.ts'
import { areWithin } from '../oauth/authorization_details_comparison.ts'
import type { AuthorizationRequest } from '../oauth/authorization_request.ts'
import { scopesToAllow } from '../oauth/claims_request.ts'
import { isConfidential } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { isHttpsRedirectUri } from '../oauth/redirect_uri.ts'
import { isSubset } from '../oauth/scopes.ts'

export type NextStep = 'login' | 'consent' | 'complete'

export type Situation = {
  request: AuthorizationRequest
  /** The person that this browser is signed in as, by the name that the client knows; authTime in seconds since the epoch. */
  session: { subject: string; authTime: number } | undefined
  /** OpenID Connect Core §2 – of this session and of any in the realm; absent where the realm has no names for it. */
  acrs?: { reached: readonly string[]; reachable: readonly string[] }
  /** What the person allowed this client before. */
  consentedScopes: readonly string[]
  /** RFC 9396 §6.1 – of types that need no new consent every time. */
  consentedDetails: readonly AuthorizationDetail[]
  /** RFC 8707 – what the person allowed it to reach. */
  consentedResources: readonly string[]
  /** Whether `session` began with a sign-in that this very request asked for. */
  signedInHere: boolean
  /** Seconds since the epoch. */
  now: number
}

/** A sign-in from before the request is not enough. */
const asksForSignIn = ({ request, session, now }: Situation): boolean => {
  if (request.prompts.includes('login') || request.prompts.includes('select_account')) return true
  if (session === undefined || request.maxAge === undefined) return false
  // OpenID Connect Core §3.1.2.1 – max_age=0 is prompt=login, even within the same second.
  return request.maxAge === 0 || now - session.authTime > request.maxAge
}

/**
 * RFC 9470 §5 – a sign-in of another kind than the client needs. A voluntary acr (OpenID Connect Core §5.5.1.1) is tried for
 * once and never refused; an essential one is reached, or the request is.
 */
const lacksAcr = ({ request, acrs, signedInHere }: Situation): boolean => {
  const { acr, prompts } = request
  if (acr === undefined || acr.values.some((value) => acrs?.reached.includes(value))) return false
  const canHelp = !signedInHere && acr.values.some((value) => acrs?.reachable.includes(value))
  if (acr.isEssential && !canHelp) {
    throw new OAuthError('unmet_authentication_requirements', 'The person cannot sign in as the client needs it')
  }
  return canHelp && (acr.isEssential || !prompts.includes('none'))
}

/** Whether the request is about somebody else. */
const isAnother = ({ hintedSubject, claimedSubject }: AuthorizationRequest, subject: string): boolean =>
  [hintedSubject, claimedSubject].some((expected) => expected !== undefined && expected !== subject)

/**
 * OAuth 2.1 §7.3.1 – whoever asks is the client it says it is: it will have to authenticate, or only its owner can serve
 * the address. Any application can claim a loopback port or a private-use scheme.
 */
const isAssured = ({ client, redirectUri }: AuthorizationRequest): boolean =>
  isConfidential(client) || isHttpsRedirectUri(redirectUri)

const needsConsent = ({ request, consentedScopes, consentedDetails, consentedResources }: Situation): boolean => {
  if (request.prompts.includes('consent')) return true
  if (request.client.metadata.consent === 'skip') return false
  if (!isAssured(request) || !isSubset(scopesToAllow(request), consentedScopes)) return true
  if (!isSubset(request.resources ?? [], consentedResources)) return true
  return !areWithin(request.authorizationDetails ?? [], consentedDetails)
}

const needsLogin = (situation: Situation): boolean => {
  const { request, session, signedInHere } = situation
  if (session === undefined) return true
  if (asksForSignIn(situation) && !signedInHere) return true
  if (lacksAcr(situation)) return true
  if (!isAnother(request, session.subject)) return false
  // OpenID Connect Core §3.1.2.1 – another person than the hint names; having signed in for this, there is no second try.
  if (signedInHere) throw new OAuthError('login_required', 'Another person than the client expects is signed in')
  return true
}

/** Pure. Throws login_required or consent_required where the request allows no page, or no page can help. */
export const nextStep = (situation: Situation): NextStep => {
  const silent = situation.request.prompts.includes('none')
  if (needsLogin(situation)) {
    // OpenID Connect Core §3.1.2.6
    if (silent) throw new OAuthError('login_required', 'The person must sign in')
    return 'login'
  }
  if (needsConsent(situation)) {
    if (silent) throw new OAuthError('consent_required', 'The person must give consent')
    return 'consent'
  }
  return 'complete'
}
