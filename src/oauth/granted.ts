/** RFC 6749 §4.1.2 – the decision behind a code, and behind the tokens that are made from it. */
import type { AuthorizationDetail } from './authorization_details.ts'
import type { ClaimsRequest } from './claims_request.ts'

/**
 * What a person allowed a client, as it is remembered from the authorization request to the last refresh.
 * Stored as JSON beside codes and refresh families; small, and without anything that can be looked up again.
 */
export type Granted = {
  /** Names everything issued from this one decision: revoking it revokes all of it. */
  authorizationId: string
  userId: string
  sessionId: string | undefined
  scopes: string[]
  /** RFC 6749 §4.1.3 – compared with the token request when it names one; absent when the request omitted it. */
  redirectUri: string | undefined
  nonce: string | undefined
  /** RFC 7636 §4.4; absent only for a client with require_pkce false. */
  codeChallenge: string | undefined
  /** Seconds since the epoch. */
  authTime: number
  amr: string[]
  acr: string | undefined
  /** OpenID Connect Core §5.5 – what was asked for beside the scopes. */
  claims?: ClaimsRequest
  /** RFC 9396 §2 – what was allowed beside the scopes, in detail. */
  authorizationDetails?: AuthorizationDetail[]
  /** RFC 8707 §2.2 – what tokens may be for; absent: for this server itself. */
  resources?: string[]
  /** RFC 9449 §10 – thumbprint of the key that the code, or a public client's refresh token, belongs to. */
  dpopJkt?: string
  /** Attestation-Based Client Authentication §10.3 – thumbprint of the key of the client instance that the refresh token belongs to. */
  instanceJkt?: string
  /** RFC 8705 §7.1 – of the certificate that a public client's refresh token belongs to. */
  certificateThumbprint?: string
}
