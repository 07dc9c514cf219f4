/** OpenID Connect Core §2 – ID tokens: who signed in, when and how, and nothing that was not asked for. */
import { wantedClaimsOf } from '../oauth/claims_request.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { Granted } from '../oauth/granted.ts'
import { knowsSessions } from '../oauth/logout_uris.ts'
import { parseScope } from '../oauth/scopes.ts'
import { halfHash, type SigningAlg, toSigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import type { IdTokenClaims } from './claims.ts'

/** OpenID Connect Dynamic Client Registration §2 – RS256 unless the client is registered for another. */
export const idTokenAlg = (client: Client): SigningAlg =>
  toSigningAlg(client.metadata.id_token_signed_response_alg) ?? 'RS256'

/** `names`: how the client knows the person and the session. */
type Contents = {
  realm: Realm
  client: Client
  user: User
  granted: Granted
  names: { sub: string; sid: string | undefined }
  accessToken: string
  alg: SigningAlg
  iat: number
  exp: number
}

export const idTokenClaims = (contents: Contents): IdTokenClaims => {
  const { realm, client, user, granted, names } = contents
  const claims: IdTokenClaims = {
    // Core §5.5 – first, so that none of them could take the place of one of ours.
    ...wantedClaimsOf(user, granted.claims?.id_token, parseScope(client.metadata.scope)),
    iss: realm.issuer,
    sub: names.sub,
    aud: client.clientId,
    iat: contents.iat,
    exp: contents.exp,
    // Core §2 – required with max_age or require_auth_time, allowed always; §12.2 – the first sign-in's at a refresh too.
    auth_time: granted.authTime,
    // Core §3.1.3.6
    at_hash: halfHash(contents.alg, contents.accessToken),
  }
  // Core §3.1.2.1 – unmodified, and only when the request had one.
  if (granted.nonce !== undefined) claims.nonce = granted.nonce
  if (granted.acr !== undefined) claims.acr = granted.acr
  if (granted.amr.length > 0) claims.amr = granted.amr
  // Back-Channel Logout §2.1 – the name under which the end of this session is told.
  if (names.sid !== undefined && knowsSessions(client.metadata)) claims.sid = names.sid
  return claims
}
