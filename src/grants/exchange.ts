/** RFC 6749 §3.2 – what happens to every token request, in this order. A grant fills in step 4 and can forget no other. */
import { attestedInstance } from '../client_auth/attest_jwt_client_auth.ts'
import type { AuthenticateClient } from '../client_auth/authenticate.ts'
import type { ClientAuthRequest } from '../client_auth/method.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { createSenderConstraint } from '../proofs/sender_constraint.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { createIssue, type IssueDeps, type TokenResponse } from '../tokens/issue.ts'
import { createGrants, type GrantDeps } from './registry.ts'

export type ExchangeDeps = GrantDeps & IssueDeps & { authenticateClient: AuthenticateClient }

/** The client is for the log: the response does not name it. */
export type Exchanged = {
  client: Client
  response: TokenResponse
  /** RFC 9449 §8.2 – for the answer's DPoP-Nonce header. */
  dpopNonce: string | undefined
}

const requireRegistered = (client: Client, grantType: string): void => {
  const registered: readonly string[] = client.metadata.grant_types
  if (!registered.includes(grantType)) {
    throw new OAuthError('unauthorized_client', 'The client is not registered for this grant_type')
  }
}

export const createExchange = (deps: ExchangeDeps) => {
  const grants = createGrants(deps)
  const issue = createIssue(deps)
  const senderConstraint = createSenderConstraint(deps)

  /** Throws OAuthError. */
  return async (realm: Realm, request: ClientAuthRequest): Promise<Exchanged> => {
    // 1. RFC 6749 §4.5, §5.2 – which grant.
    const grantType = request.parameters.get('grant_type')
    if (grantType === undefined) throw new OAuthError('invalid_request', 'The grant_type is missing')
    const grant = grants.get(grantType)
    if (!grant) throw new OAuthError('unsupported_grant_type', 'The grant_type is not supported')
    // 2. RFC 6749 §3.2.1 – who asks.
    const client = await deps.authenticateClient(realm, request)
    // 3. RFC 6749 §5.2 – may this client use it.
    requireRegistered(client, grantType)
    // 4. RFC 9449 §5, RFC 8705 §3 – the key that the tokens are bound to.
    const { confirmation, use } = await senderConstraint.verify(realm, client, request)
    // 5. What the grant proves. It checks everything and uses nothing up.
    const instanceJkt = attestedInstance(client, request)
    const authorization = await grant.authorize(realm, client, { ...request, confirmation, instanceJkt })
    // 6. RFC 9449 §11.1 – the proof, once.
    await use()
    // 7. RFC 6749 §5.1 – tokens, handed out once what was proved is used up for good.
    const response = await issue(realm, { ...authorization, confirmation })
    return { client, response, dpopNonce: confirmation?.jkt && (await senderConstraint.freshNonce(realm)) }
  }
}

export type Exchange = ReturnType<typeof createExchange>
