/** RFC 8414 §3 and OpenID Connect Discovery §4 – one document at two addresses. */
import { SUPPORTED_AUTH_METHODS } from '../client_auth/registry.ts'
import type { Config } from '../config/schema.ts'
import { SUPPORTED_GRANT_TYPES } from '../grants/registry.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { acrValuesOf } from '../oauth/acr.ts'
import { buildMetadata } from '../oauth/metadata.ts'
import { DPOP_SIGNING_ALGS } from '../proofs/dpop.ts'
import type { Realm } from '../storage/realm_directory.ts'

const PATHS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const

const MAX_AGE_SECONDS = 60

export type DiscoveryDeps = { config: Pick<Config, 'asks_for_certificate' | 'mtls_params' | 'secrets_params'> }

/** RFC 8705 §5 – the same issuer at the port that asks for certificates. */
const certificateIssuerOf = ({ issuer }: Realm, port: number | undefined): string | undefined => {
  if (port === undefined) return undefined
  const { hostname, pathname } = new URL(issuer)
  return `https://${hostname}:${port}${pathname === '/' ? '' : pathname}`
}

/** `endpoints`: the other rows of the URL table, whose addresses the document names. */
export const createDiscoveryEndpoints = (
  endpoints: readonly Pick<Endpoint, 'path'>[],
  { config }: DiscoveryDeps,
): Endpoint[] => {
  const { host_port: port } = config.mtls_params
  const paths = new Set(endpoints.map((endpoint) => endpoint.path))
  // By the realm object, which is replaced when anything in the realm changes.
  const bodies = new WeakMap<Realm, string>()

  const bodyOf = (realm: Realm): string => {
    const known = bodies.get(realm)
    if (known) return known
    const metadata = buildMetadata({
      issuer: realm.issuer,
      paths,
      grantTypes: SUPPORTED_GRANT_TYPES,
      authMethods: SUPPORTED_AUTH_METHODS,
      dpopSigningAlgs: DPOP_SIGNING_ALGS,
      takesCertificates: config.asks_for_certificate || port !== undefined,
      sealsSecrets: config.secrets_params.encryption_key !== undefined,
      certificateIssuer: certificateIssuerOf(realm, port),
      acrValues: acrValuesOf(realm.settings),
      profile: realm.settings.profile,
      scopes: realm.settings.scopes.map((scope) => scope.name),
      resources: (realm.settings.resources ?? []).map(({ identifier }) => identifier),
      authorizationDetailsTypes: (realm.settings.authorization_details_types ?? []).map(({ type }) => type),
    })
    const body = JSON.stringify(metadata)
    bodies.set(realm, body)
    return body
  }

  return PATHS.map((path) => ({
    at: 'realm',
    method: 'GET',
    path,
    errors: 'json',
    cors: 'public',
    limit: 'documents',
    mayBeStale: true,
    handle: (_request, reply, realm) =>
      reply
        .header('content-type', 'application/json')
        .header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`)
        .send(bodyOf(realm)),
  }))
}
