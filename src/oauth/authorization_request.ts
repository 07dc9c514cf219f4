/** OAuth 2.1 §4.1.1 and OpenID Connect Core §3.1.2.1 – an authorization request that passed every check. */
import type { AskedAcr } from './acr.ts'
import type { AuthorizationDetail } from './authorization_details.ts'
import type { ClaimsRequest } from './claims_request.ts'
import type { Client } from './client_metadata.ts'
import type { Prompt } from './prompt.ts'
import type { ResponseMode } from './response_mode.ts'

/** Where the answer goes, and what comes back with it unchanged. */
export type ResponseTarget = {
  client: Client
  redirectUri: string
  responseMode: ResponseMode
  state: string | undefined
}

export type AuthorizationRequest = Readonly<
  ResponseTarget & {
    /** False when the client left redirect_uri out because it has only one. */
    redirectUriGiven: boolean
    scopes: readonly string[]
    nonce: string | undefined
    /** RFC 7636 §4.3, always S256. */
    codeChallenge: string | undefined
    /** RFC 9449 §10 – thumbprint of the key that the code shall belong to. */
    dpopJkt?: string
    prompts: readonly Prompt[]
    /** Seconds; the client's default_max_age when the request has none. */
    maxAge: number | undefined
    /** The `sub` that a verified id_token_hint names. */
    hintedSubject: string | undefined
    loginHint: string | undefined
    /** OpenID Connect Core §5.5 */
    claims?: ClaimsRequest
    /** RFC 9396 §2 */
    authorizationDetails?: AuthorizationDetail[]
    /** RFC 8707 §2 – as they are registered; absent when none was named. */
    resources?: string[]
    /** The `sub` that the claims parameter asks the ID token to have. */
    claimedSubject?: string
    /** How well the person has to have signed in. */
    acr?: AskedAcr
  }
>
