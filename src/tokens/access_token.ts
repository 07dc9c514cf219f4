/** RFC 9068 – the JWT profile for access tokens. */
import { wantedClaimsOf } from '../oauth/claims_request.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { joinScope, parseScope } from '../oauth/scopes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Authorization } from './authorization.ts'
import type { AccessTokenClaims } from './claims.ts'

/** Seconds: the client's own, or what the server was configured with. */
export const accessTokenTtl = (client: Client, fallback: number): number =>
  client.metadata.access_token_ttl_secs ?? fallback

type Times = { iat: number; exp: number; jti: string }

/** RFC 9068 §2.2.1 – about the person's sign-in; §7.2.1 – roles only when the client was allowed to see them. */
const addPerson = (claims: AccessTokenClaims, authorization: Authorization): void => {
  if (!authorization.person) return
  const { user, granted } = authorization.person
  claims.auth_time = granted.authTime
  if (granted.acr !== undefined) claims.acr = granted.acr
  if (granted.amr.length > 0) claims.amr = granted.amr
  if (granted.sessionId !== undefined) claims.sid = granted.sessionId
  if (authorization.scopes.includes('roles')) claims.roles = user.roles
  // OpenID Connect Core §5.5 – the values that were asked for are compared now; UserInfo then shows what the claim has become.
  const wanted = wantedClaimsOf(user, granted.claims?.userinfo, parseScope(authorization.client.metadata.scope))
  const names = Object.keys(wanted)
  if (names.length > 0) claims.userinfo_claims = names
}

/** RFC 9068 §2.2 – the claims, the audience being this issuer itself (§3). */
export const accessTokenClaims = (realm: Realm, authorization: Authorization, times: Times): AccessTokenClaims => {
  const { client, person, scopes } = authorization
  const claims: AccessTokenClaims = {
    iss: realm.issuer,
    sub: person ? person.user.id : client.clientId,
    aud: realm.issuer,
    client_id: client.clientId,
    iat: times.iat,
    exp: times.exp,
    jti: times.jti,
    authorization_id: authorization.id,
  }
  if (scopes.length > 0) claims.scope = joinScope(scopes)
  // RFC 9449 §6.1, RFC 8705 §3.1
  if (authorization.confirmation) claims.cnf = authorization.confirmation
  addPerson(claims, authorization)
  return claims
}
