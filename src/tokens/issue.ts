/** RFC 6749 §5.1 – the one mint: what a grant proved becomes the token response. */
import type { OauthParams } from '../config/schema.ts'
import type { KeyProvider, SigningAlg } from '../keys/key_provider.ts'
import type { AuthorizationDetail } from '../oauth/authorization_details.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { tokenTypeOf } from '../oauth/confirmation.ts'
import { OAuthError } from '../oauth/errors.ts'
import { allowsAlg, profileOf } from '../oauth/profile.ts'
import { targetOf } from '../oauth/resources.ts'
import { joinScope } from '../oauth/scopes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import { accessTokenClaims, accessTokenTtl, type PersonNames } from './access_token.ts'
import type { Authorization } from './authorization.ts'
import type { AccessTokenClaims } from './claims.ts'
import { createEncrypt, type EncryptDeps } from './encrypt.ts'
import { idTokenAlg, idTokenClaims } from './id_token.ts'
import { signJwt } from './jwt.ts'
import type { Subjects } from './subject.ts'

export type IssueDeps = EncryptDeps & {
  config: { oauth_params: OauthParams }
  keys: Pick<KeyProvider, 'signer'>
  subjects: Subjects
  clock: Clock
  random: Random
}

export type TokenResponse = {
  access_token: string
  token_type: 'Bearer' | 'DPoP'
  expires_in: number
  scope?: string
  authorization_details?: readonly AuthorizationDetail[]
  refresh_token?: string
  id_token?: string
}

export const createIssue = (deps: IssueDeps) => {
  const { config, keys, subjects, clock, random } = deps
  const encrypt = createEncrypt(deps)
  const { access_token_ttl_secs, id_token_ttl_secs, default_signing_alg } = config.oauth_params

  /** FAPI 2.0 §5.4.1 – whatever the other clients get. */
  const accessTokenAlg = ({ settings }: Realm, { metadata }: Client): SigningAlg =>
    allowsAlg(profileOf(settings, metadata), default_signing_alg) ? default_signing_alg : 'ES256'

  const namesOf = async (
    realm: Realm,
    { client, person }: Authorization,
    jti: string,
  ): Promise<PersonNames | undefined> => {
    if (!person) return undefined
    const { userId, sessionId } = person.granted
    return {
      sub: await subjects.subjectOf(realm, client, userId),
      sid: sessionId === undefined ? undefined : await subjects.sessionNameOf(realm, client, sessionId),
      sealedUser: await subjects.sealUser(realm, client, { jti, userId }),
    }
  }

  /** RFC 8707 §2.2 – the client's own ways, as far as the resources leave them. Throws invalid_target. */
  const kindOf = (realm: Realm, { client, resources, scopes }: Authorization) => {
    const own = accessTokenTtl(client, access_token_ttl_secs)
    if (resources === undefined)
      return { audience: realm.issuer, format: 'jwt', ttl: own, alg: accessTokenAlg(realm, client), scopes } as const
    const target = targetOf(realm, resources)
    const { audience, format, ttl = own, alg = accessTokenAlg(realm, client) } = target
    if (!allowsAlg(profileOf(realm.settings, client.metadata), alg))
      throw new OAuthError('invalid_target', 'The profile of the client does not allow the tokens of this resource')
    const ofClient = client.metadata.access_token_ttl_secs ?? ttl
    return { audience, format, ttl: Math.min(ttl, ofClient), alg, scopes: scopes.filter(target.mayHave) } as const
  }

  /** RFC 6749 §1.4 – it says nothing, and is worth nothing before it is handed out. */
  const keepOpaque = async (realm: Realm, claims: AccessTokenClaims): Promise<string> => {
    const token = random.secret()
    await realm.store.opaqueTokens.insert({
      tokenHash: sha256(token),
      claims,
      createdAt: clock.now(),
      expiresAt: claims.exp * 1000,
    })
    return token
  }

  const makeIdToken = async (
    realm: Realm,
    authorization: Authorization,
    { accessToken, names }: { accessToken: string; names: PersonNames | undefined },
  ): Promise<string | undefined> => {
    const { client, person, scopes } = authorization
    // OpenID Connect Core §3.1.2.1 – only what asked for `openid` is OpenID Connect.
    if (!person || !names || !scopes.includes('openid')) return undefined
    const alg = idTokenAlg(client)
    const signer = await keys.signer(realm, alg)
    const iat = toSeconds(clock.now())
    const claims = idTokenClaims({
      realm,
      client,
      user: person.user,
      granted: person.granted,
      names,
      accessToken,
      alg,
      iat,
      exp: iat + id_token_ttl_secs,
    })
    // Core §2 – signed first and then encrypted, for a client that is registered so.
    return await encrypt(client, 'id_token', await signJwt(signer, 'JWT', claims))
  }

  /**
   * Signs and encrypts first and commits last, and nothing leaves before the commit: a failure of either does not cost the client its
   * code, and a token whose commit fails is never seen by anybody. No signature is made inside a transaction.
   */
  return async (realm: Realm, authorization: Authorization): Promise<TokenResponse> => {
    const { authorizationDetails = [] } = authorization
    const { audience, format, ttl, alg, scopes } = kindOf(realm, authorization)
    const iat = toSeconds(clock.now())
    const jti = random.id()
    const names = await namesOf(realm, authorization, jti)
    const claims = accessTokenClaims(realm, authorization, { iat, exp: iat + ttl, jti, names, audience, scopes })
    const accessToken =
      format === 'jwt'
        ? await signJwt(await keys.signer(realm, alg), 'at+jwt', claims)
        : await keepOpaque(realm, claims)
    const idToken = await makeIdToken(realm, authorization, { accessToken, names })
    const { refreshToken } = await authorization.commit()
    const token_type = tokenTypeOf(authorization.confirmation)
    const response: TokenResponse = { access_token: accessToken, token_type, expires_in: ttl }
    // RFC 6749 §5.1 – a scope that differs has to be told; it always is.
    if (scopes.length > 0) response.scope = joinScope(scopes)
    // RFC 9396 §7 – as they were granted.
    if (authorizationDetails.length > 0) response.authorization_details = authorizationDetails
    if (refreshToken !== undefined) response.refresh_token = refreshToken
    if (idToken !== undefined) response.id_token = idToken
    return response
  }
}
