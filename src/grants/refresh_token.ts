/** RFC 6749 §6, OAuth 2.1 §4.3 – a new access token for a refresh token, which is replaced at the same time. */
import { invalidGrant, OAuthError } from '../oauth/errors.ts'
import { narrowedResources } from '../oauth/resources.ts'
import { isSubset, parseScope } from '../oauth/scopes.ts'
import { requireKeyOfRefreshToken } from '../proofs/binding.ts'
import { createRefreshTokens, isLive, type RefreshTokenDeps } from '../tokens/refresh_token.ts'
import { narrowedDetails } from './authorization_details.ts'
import type { Grant } from './grant.ts'
import { findUser } from './user.ts'

/** RFC 6749 §6 – what was granted, or less. Less is for this access token only: the refresh token keeps it all. */
const narrowed = (granted: readonly string[], requested: string | undefined): readonly string[] => {
  if (requested === undefined) return granted
  const scopes = parseScope(requested)
  if (!isSubset(scopes, granted)) throw new OAuthError('invalid_scope', 'The scope exceeds what was granted')
  return scopes
}

export const createRefreshTokenGrant = (deps: RefreshTokenDeps): Grant => {
  const refreshTokens = createRefreshTokens(deps)
  return {
    async authorize(realm, client, request) {
      const token = request.parameters.get('refresh_token')
      if (token === undefined) throw new OAuthError('invalid_request', 'The refresh token is missing')
      const family = await refreshTokens.findFamily(realm, token)
      if (!family) throw invalidGrant('an unknown refresh token')
      // OAuth 2.1 §4.3 – bound to its client. Whoever else shows it changes nothing.
      if (family.clientId !== client.clientId) throw invalidGrant('a refresh token of another client')
      if (!isLive(family, deps.clock.now())) throw invalidGrant('the refresh token is revoked or has expired')
      const { granted } = family
      requireKeyOfRefreshToken(client, granted, request)
      // A scope that was taken from the client since then is not given any more.
      const registered = parseScope(client.metadata.scope)
      const scopes = narrowed(granted.scopes, request.parameters.get('scope')).filter((scope) =>
        registered.includes(scope),
      )
      const user = await findUser(realm, granted, family.createdAt)
      return {
        id: granted.authorizationId,
        client,
        scopes,
        authorizationDetails: narrowedDetails(realm, client, granted, request),
        resources: narrowedResources(realm, granted.resources, request.parameters),
        person: { user, granted },
        commit: async () => ({ refreshToken: await refreshTokens.replace(realm, client, family, token, request) }),
      }
    },
  }
}
