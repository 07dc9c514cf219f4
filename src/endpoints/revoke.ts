/** RFC 7009 – token revocation. A refresh token takes everything with it that was issued from its authorization. */
import type { AuthenticateClient } from '../client_auth/authenticate.ts'
import type { OauthParams } from '../config/schema.ts'
import type { Endpoint } from '../http/endpoint.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { RealmStore, Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { createRefreshTokens } from '../tokens/refresh_token.ts'
import { revocationPurgeAfter, revokeAuthorization } from '../tokens/revocation.ts'
import { createReadAccessToken, type VerifyDeps } from '../tokens/verify.ts'
import { clientAuthRequest } from './client_auth_request.ts'

export type RevokeDeps = VerifyDeps & {
  config: { oauth_params: OauthParams }
  store: Pick<Store, 'transaction'>
  clock: Clock
  random: Random
  authenticateClient: AuthenticateClient
}

const PATH = '/revoke'
const REASON = 'revoked_by_client'

type Caller = { client: Client; facts: RequestFacts }

type Revocation = { kind: 'access_token' | 'refresh_token'; owner: string; subject: string; authorizationId: string }

export const createRevokeEndpoint = (deps: RevokeDeps): Endpoint => {
  const { config, store, clock } = deps
  const refreshTokens = createRefreshTokens(deps)
  const readAccessToken = createReadAccessToken(deps)

  const audit = (realmStore: RealmStore, caller: Caller, revoked: Revocation): Promise<void> =>
    realmStore.audit.insert(
      newAuditEvent(deps, caller.facts, {
        type: 'token.revoked',
        outcome: revoked.owner === caller.client.clientId ? 'success' : 'failure',
        principal: caller.client.clientId,
        target: revoked.subject,
        detail: { kind: revoked.kind, authorization_id: revoked.authorizationId },
      }),
    )

  /** The change and its record, or neither. `work` is true for the caller that revoked it. */
  const revoke = async (
    realm: Realm,
    caller: Caller,
    revocation: Revocation,
    work: (realmStore: RealmStore) => Promise<boolean>,
  ): Promise<void> => {
    // RFC 7009 §2.1 – only the client it was issued to; to another one nothing happens, and nothing is told.
    if (revocation.owner !== caller.client.clientId) return await audit(realm.store, caller, revocation)
    await store.transaction(async (repositories) => {
      const realmStore = repositories.realm(realm.id)
      if (await work(realmStore)) await audit(realmStore, caller, revocation)
    })
  }

  const revokeAccessToken = async (realm: Realm, caller: Caller, token: string): Promise<void> => {
    const claims = await readAccessToken(realm, token)
    if (!claims) return
    const { client_id: owner, authorization_id: authorizationId, jti, exp } = claims
    const subject = (await deps.subjects.userIdOf(realm, claims)) ?? claims.sub
    const mark = { id: jti, reason: REASON, now: clock.now(), purgeAfter: exp * 1000 }
    await revoke(realm, caller, { kind: 'access_token', owner, subject, authorizationId }, (realmStore) =>
      realmStore.revocations.remember(mark),
    )
  }

  const revokeRefreshToken = async (realm: Realm, caller: Caller, token: string): Promise<void> => {
    const family = await refreshTokens.findFamily(realm, token)
    if (!family) return
    const now = clock.now()
    const purgeAfter = revocationPurgeAfter(config.oauth_params, caller.client.metadata.access_token_ttl_secs, now)
    const revocation = { owner: family.clientId, subject: family.granted.userId, authorizationId: family.id }
    await revoke(realm, caller, { kind: 'refresh_token', ...revocation }, (realmStore) =>
      revokeAuthorization(realmStore, { authorizationId: family.id, reason: REASON, now, purgeAfter }),
    )
  }

  return {
    at: 'realm',
    method: 'POST',
    path: PATH,
    errors: 'json',
    cors: 'clients',
    async handle(request, reply, realm) {
      const asked = clientAuthRequest(request, realm, PATH)
      const client = await deps.authenticateClient(realm, asked)
      request.clientId = client.clientId
      const token = asked.parameters.get('token')
      if (token === undefined) throw new OAuthError('invalid_request', 'The token is missing')
      const caller = { client, facts: asked }
      await revokeAccessToken(realm, caller, token)
      // An opaque access token looks like a refresh token.
      if (!token.includes('.')) await revokeRefreshToken(realm, caller, token)
      // RFC 7009 §2.2 – the same for every token, those nobody ever issued included.
      return reply.code(200).header('cache-control', 'no-store').send()
    },
  }
}
