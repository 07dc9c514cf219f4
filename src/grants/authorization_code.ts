/** RFC 6749 §4.1.3, RFC 7636 §4.6, OAuth 2.1 §4.1.3 – the code from the redirect for tokens. */
import type { Client } from '../oauth/client_metadata.ts'
import { invalidGrant, OAuthError } from '../oauth/errors.ts'
import type { Granted } from '../oauth/granted.ts'
import { verifyPkce } from '../oauth/pkce.ts'
import { narrowedResources } from '../oauth/resources.ts'
import { boundToKey, requireKeyOfCode } from '../proofs/binding.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { AuthorizationCode } from '../storage/authorization_codes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { sha256 } from '../system/hashing.ts'
import { createRefreshTokens, getsRefreshTokens, type RefreshTokenDeps } from '../tokens/refresh_token.ts'
import { revocationPurgeAfter, revokeAuthorization } from '../tokens/revocation.ts'
import { narrowedDetails } from './authorization_details.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { findUser } from './user.ts'

/** Wrong verifiers before a code is dead: it cannot be guessed at. */
const MAX_FAILURES = 3

/** RFC 6749 §4.1.3, OAuth 2.1 §10.2 – must be the one of the authorization request. */
const requireRedirectUri = (client: Client, granted: Granted, sent: string | undefined): void => {
  if (sent === undefined) {
    // A code that no verifier protects keeps the older protection.
    if (granted.codeChallenge === undefined && granted.redirectUri !== undefined) throw invalidGrant('no redirect_uri')
    return
  }
  // A request without one went to the only one that is registered.
  const expected =
    granted.redirectUri ?? (client.metadata.redirect_uris.length === 1 ? client.metadata.redirect_uris[0] : undefined)
  if (sent !== expected) throw invalidGrant('another redirect_uri')
}

type PkceOutcome = 'verified' | 'wrong'

const checkPkce = (granted: Granted, verifier: string | undefined): PkceOutcome => {
  if (granted.codeChallenge === undefined) {
    // RFC 9700 §4.8.2 – a verifier without a challenge is the mark of a downgrade.
    if (verifier !== undefined) throw invalidGrant('a code_verifier without a code_challenge')
    return 'verified'
  }
  // RFC 7636 §4.6 – the challenge makes the verifier required.
  if (verifier === undefined) throw invalidGrant('no code_verifier')
  return verifyPkce(granted.codeChallenge, verifier) ? 'verified' : 'wrong'
}

export const createAuthorizationCodeGrant = (deps: RefreshTokenDeps): Grant => {
  const { config, store, clock, random } = deps
  const refreshTokens = createRefreshTokens(deps)

  /** Everything that shows the caller to be the one the code was made for. */
  const checkHolder = async (
    realm: Realm,
    client: Client,
    code: AuthorizationCode,
    request: GrantRequest,
  ): Promise<void> => {
    const { parameters } = request
    // RFC 6749 §4.1.3 – issued to this client. Another one cannot spend it: it stays good for its own.
    if (code.clientId !== client.clientId) throw invalidGrant('a code of another client')
    requireRedirectUri(client, code.granted, parameters.get('redirect_uri'))
    requireKeyOfCode(code.granted, request.confirmation)
    if (code.failedAttempts >= MAX_FAILURES) throw invalidGrant('too many wrong verifiers')
    if (checkPkce(code.granted, parameters.get('code_verifier')) === 'wrong') {
      if (code.usedAt === undefined) await realm.store.authorizationCodes.countFailure(code.codeHash)
      throw invalidGrant('a wrong code_verifier')
    }
  }

  /** OAuth 2.1 §7.5.3 – a second request that is right in everything: one of the two was a thief. */
  const revokeReplayed = async (
    realm: Realm,
    client: Client,
    granted: Granted,
    request: GrantRequest,
  ): Promise<never> => {
    const now = clock.now()
    const purgeAfter = revocationPurgeAfter(config.oauth_params, client.metadata.access_token_ttl_secs, now)
    const { authorizationId, userId } = granted
    // A storm of replays ends with a read each: the transaction below stays what decides.
    if (await realm.store.revocations.isRevoked([authorizationId])) throw invalidGrant('the code was used before')
    await store.transaction(async (repositories) => {
      const realmStore = repositories.realm(realm.id)
      const revocation = { authorizationId, reason: 'authorization_code_replayed', now, purgeAfter }
      if (!(await revokeAuthorization(realmStore, revocation))) return
      await realmStore.audit.insert(
        newAuditEvent(deps, request, {
          type: 'authorization_code.replayed',
          outcome: 'failure',
          principal: client.clientId,
          target: userId,
          detail: { authorization_id: authorizationId },
        }),
      )
    })
    throw invalidGrant('the code was used before')
  }

  /** One transaction: the code is used up exactly when the refresh token exists. */
  const consume = async (
    realm: Realm,
    client: Client,
    code: AuthorizationCode,
    refresh: { token: string; granted: Granted } | undefined,
  ): Promise<boolean> => {
    const now = clock.now()
    return await store.transaction(async (repositories) => {
      const realmStore = repositories.realm(realm.id)
      // RFC 6749 §4.1.2 – single use: the database picks the one caller.
      if (!(await realmStore.authorizationCodes.consume(code.codeHash, now, MAX_FAILURES))) return false
      if (refresh) await refreshTokens.open(realmStore, client, refresh.granted, refresh.token)
      return true
    })
  }

  /** Why the gate stayed shut: the code was used a moment ago, or it has died. */
  const explainLoss = async (
    realm: Realm,
    client: Client,
    code: AuthorizationCode,
    request: GrantRequest,
  ): Promise<never> => {
    const now = await realm.store.authorizationCodes.find(code.codeHash)
    if (now?.usedAt !== undefined) return await revokeReplayed(realm, client, code.granted, request)
    throw invalidGrant('the code has expired')
  }

  return {
    async authorize(realm, client, request) {
      const value = request.parameters.get('code')
      if (value === undefined) throw new OAuthError('invalid_request', 'The code is missing')
      const code = await realm.store.authorizationCodes.find(sha256(value))
      if (!code) throw invalidGrant('an unknown code')
      await checkHolder(realm, client, code, request)
      if (code.usedAt !== undefined) return await revokeReplayed(realm, client, code.granted, request)
      // RFC 6749 §4.1.2 – short-lived.
      if (code.expiresAt <= clock.now()) throw invalidGrant('the code has expired')
      const { granted } = code
      const user = await findUser(realm, granted, code.createdAt)
      return {
        id: granted.authorizationId,
        client,
        scopes: granted.scopes,
        authorizationDetails: narrowedDetails(realm, client, granted, request),
        resources: narrowedResources(realm, granted.resources, request.parameters),
        person: { user, granted },
        async commit() {
          const refresh = getsRefreshTokens(client)
            ? { token: random.secret(), granted: boundToKey(client, granted, request) }
            : undefined
          if (!(await consume(realm, client, code, refresh))) return await explainLoss(realm, client, code, request)
          return { refreshToken: refresh?.token }
        },
      }
    },
  }
}
