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

/** RFC 8707 – who it is for, and what it may say to them. */
type Facts = Times & { names: PersonNames | undefined; audience: string | string[]; scopes: readonly string[] }

/** How the client knows the person and the session. */
export type PersonNames = { sub: string; sid: string | undefined; sealedUser: string | undefined }

/** RFC 9068 §2.2.1 – about the person's sign-in; §7.2.1 – roles only when the client was allowed to see them. */
const personClaims = (
  { client, person, scopes }: Authorization,
  names: PersonNames | undefined,
): Partial<AccessTokenClaims> => {
  if (!person || !names) return {}
  const { user, granted } = person
  // OpenID Connect Core §5.5 – the values that were asked for are compared now; UserInfo then shows what the claim has become.
  const wanted = Object.keys(wantedClaimsOf(user, granted.claims?.userinfo, parseScope(client.metadata.scope)))
  return {
    auth_time: granted.authTime,
    ...(granted.acr === undefined ? {} : { acr: granted.acr }),
    ...(granted.amr.length === 0 ? {} : { amr: granted.amr }),
    ...(names.sid === undefined ? {} : { sid: names.sid }),
    ...(names.sealedUser === undefined ? {} : { sealed_user: names.sealedUser }),
    ...(scopes.includes('roles') ? { roles: user.roles } : {}),
    ...(wanted.length === 0 ? {} : { userinfo_claims: wanted }),
  }
}

/** RFC 9068 §2.2 */
export const accessTokenClaims = (
  realm: Realm,
  authorization: Authorization,
  { names, audience, scopes, ...times }: Facts,
): AccessTokenClaims => {
  const { client, authorizationDetails = [] } = authorization
  return {
    iss: realm.issuer,
    sub: names?.sub ?? client.clientId,
    aud: audience,
    client_id: client.clientId,
    iat: times.iat,
    exp: times.exp,
    jti: times.jti,
    authorization_id: authorization.id,
    ...(scopes.length === 0 ? {} : { scope: joinScope(scopes) }),
    // RFC 9396 §9.1
    ...(authorizationDetails.length === 0 ? {} : { authorization_details: authorizationDetails }),
    // RFC 9449 §6.1, RFC 8705 §3.1
    ...(authorization.confirmation ? { cnf: authorization.confirmation } : {}),
    ...personClaims(authorization, names),
  }
}
