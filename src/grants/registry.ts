/** The grant types of this server. A new one is a file and a line here; discovery follows by itself. */
import type { GrantType } from '../oauth/client_metadata.ts'
import type { RefreshTokenDeps } from '../tokens/refresh_token.ts'
import { createAuthorizationCodeGrant } from './authorization_code.ts'
import { createClientCredentialsGrant } from './client_credentials.ts'
import type { Grant } from './grant.ts'
import { createRefreshTokenGrant } from './refresh_token.ts'

export type GrantDeps = RefreshTokenDeps

const factories: Record<GrantType, (deps: GrantDeps) => Grant> = {
  authorization_code: createAuthorizationCodeGrant,
  refresh_token: createRefreshTokenGrant,
  client_credentials: createClientCredentialsGrant,
}

export const SUPPORTED_GRANT_TYPES: readonly string[] = Object.keys(factories)

export const createGrants = (deps: GrantDeps): ReadonlyMap<string, Grant> =>
  new Map(Object.entries(factories).map(([grantType, create]) => [grantType, create(deps)]))
