/** RFC 9068 §2.2 and OpenID Connect Core §2 – what the tokens of this server say, by their wire names. */
import type { AuthorizationDetail } from '../oauth/authorization_details.ts'
import type { Confirmation } from '../oauth/confirmation.ts'

export type AccessTokenClaims = {
  iss: string
  /** The user as the client knows it, or the client itself where nobody else is involved. */
  sub: string
  /** This issuer, or the resources that the token is for (RFC 8707). */
  aud: string | string[]
  client_id: string
  scope?: string
  /** RFC 9396 §9.1 */
  authorization_details?: readonly AuthorizationDetail[]
  iat: number
  exp: number
  jti: string
  /** OpenID Connect Core §8 – the user, where `sub` is pairwise: for this server alone. */
  sealed_user?: string
  /** Names the decision behind the token: revoking that revokes this. */
  authorization_id: string
  cnf?: Confirmation
  auth_time?: number
  acr?: string
  amr?: string[]
  sid?: string
  roles?: string[]
  /** OpenID Connect Core §5.5 – what UserInfo tells beside what the scopes give: names only. */
  userinfo_claims?: string[]
}

export type IdTokenClaims = {
  iss: string
  sub: string
  aud: string
  exp: number
  iat: number
  auth_time: number
  nonce?: string
  acr?: string
  amr?: string[]
  sid?: string
  at_hash?: string
}
