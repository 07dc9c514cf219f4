/** The URL table of the whole server. Discovery metadata follows from what stands here. */
import type { Endpoint } from '../http/endpoint.ts'
import { createAccountTotpEndpoints } from './account_totp.ts'
import { createAdministrationEndpoints } from './admin/registry.ts'
import { createAuthorizeEndpoint } from './authorize.ts'
import { createDiscoveryEndpoints, type DiscoveryDeps } from './discovery.ts'
import { createHealthEndpoints, type HealthDeps } from './health.ts'
import { createHomeEndpoint, type HomeDeps } from './home.ts'
import { createInteractionEndpoints } from './interaction.ts'
import { createIntrospectEndpoint } from './introspect.ts'
import { createJwksEndpoint } from './jwks.ts'
import { createLoginEndpoint } from './login.ts'
import { createLogoutEndpoints } from './logout.ts'
import { createParEndpoint } from './par.ts'
import { createPasswordEndpoint } from './password.ts'
import { createRevokeEndpoint } from './revoke.ts'
import { createSessionJwksEndpoint } from './session_jwks.ts'
import { createSessionsEndpoints } from './sessions.ts'
import { createSetupEndpoints } from './setup.ts'
import { createTokenEndpoint } from './token.ts'
import { createUpstreamCallbackEndpoint } from './upstream_callback.ts'
import { createUserinfoEndpoint } from './userinfo.ts'
import { createVersionEndpoint } from './version.ts'
import { createWhoamiEndpoints } from './whoami.ts'

/** What the rows together need. */
export type EndpointDeps = ProtocolDeps & DiscoveryDeps & JsonApiDeps & HealthDeps & HomeDeps

type First<F extends (deps: never) => unknown> = Parameters<F>[0]

type ProtocolDeps = First<typeof createAuthorizeEndpoint> &
  First<typeof createParEndpoint> &
  First<typeof createInteractionEndpoints> &
  First<typeof createUpstreamCallbackEndpoint> &
  First<typeof createTokenEndpoint> &
  First<typeof createUserinfoEndpoint> &
  First<typeof createIntrospectEndpoint> &
  First<typeof createRevokeEndpoint> &
  First<typeof createLogoutEndpoints> &
  First<typeof createAccountTotpEndpoints> &
  First<typeof createJwksEndpoint>

type JsonApiDeps = First<typeof createLoginEndpoint> &
  First<typeof createPasswordEndpoint> &
  First<typeof createWhoamiEndpoints> &
  First<typeof createSessionJwksEndpoint> &
  First<typeof createSessionsEndpoints> &
  First<typeof createSetupEndpoints> &
  First<typeof createAdministrationEndpoints>

/** OAuth 2.1 and OpenID Connect: at the root for the default realm, and under /realms/{realm}. */
const protocol = (deps: ProtocolDeps): Endpoint[] => [
  createAuthorizeEndpoint(deps),
  createParEndpoint(deps),
  ...createInteractionEndpoints(deps),
  createUpstreamCallbackEndpoint(deps),
  createTokenEndpoint(deps),
  createUserinfoEndpoint(deps),
  createIntrospectEndpoint(deps),
  createRevokeEndpoint(deps),
  ...createLogoutEndpoints(deps),
  ...createAccountTotpEndpoints(deps),
  createJwksEndpoint(deps),
]

export const createEndpoints = (deps: EndpointDeps): Endpoint[] => {
  const endpoints = protocol(deps)
  return [
    ...endpoints,
    ...createDiscoveryEndpoints(endpoints, deps),
    createLoginEndpoint(deps),
    createPasswordEndpoint(deps),
    ...createWhoamiEndpoints(deps),
    createSessionJwksEndpoint(deps),
    ...createSessionsEndpoints(deps),
    ...createSetupEndpoints(deps),
    ...createAdministrationEndpoints(deps),
    createVersionEndpoint(),
    ...createHealthEndpoints(deps),
    createHomeEndpoint(deps),
  ]
}
