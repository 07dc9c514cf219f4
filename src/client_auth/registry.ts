/** The client authentication methods of this server. A new one is a file and a line here; discovery follows by itself. */
import type { TokenEndpointAuthMethod } from '../oauth/client_metadata.ts'
import { type AttestJwtClientAuthDeps, createAttestJwtClientAuth } from './attest_jwt_client_auth.ts'
import { clientSecretBasic } from './client_secret_basic.ts'
import { type ClientSecretJwtDeps, createClientSecretJwt } from './client_secret_jwt.ts'
import { clientSecretPost } from './client_secret_post.ts'
import type { ClientAuthMethod } from './method.ts'
import { none } from './none.ts'
import { createPrivateKeyJwt, type PrivateKeyJwtDeps } from './private_key_jwt.ts'
import { createSelfSignedTlsClientAuth, type SelfSignedTlsClientAuthDeps } from './self_signed_tls_client_auth.ts'
import { createTlsClientAuth, type TlsClientAuthDeps } from './tls_client_auth.ts'

export type ClientAuthMethodDeps = PrivateKeyJwtDeps &
  ClientSecretJwtDeps &
  TlsClientAuthDeps &
  SelfSignedTlsClientAuthDeps &
  AttestJwtClientAuthDeps

const factories: Record<TokenEndpointAuthMethod, (deps: ClientAuthMethodDeps) => ClientAuthMethod> = {
  private_key_jwt: createPrivateKeyJwt,
  client_secret_basic: () => clientSecretBasic,
  client_secret_post: () => clientSecretPost,
  client_secret_jwt: createClientSecretJwt,
  tls_client_auth: createTlsClientAuth,
  self_signed_tls_client_auth: createSelfSignedTlsClientAuth,
  attest_jwt_client_auth: createAttestJwtClientAuth,
  none: () => none,
}

export const SUPPORTED_AUTH_METHODS: readonly string[] = Object.keys(factories)

export const createClientAuthMethods = (deps: ClientAuthMethodDeps): readonly ClientAuthMethod[] =>
  Object.values(factories).map((create) => create(deps))
