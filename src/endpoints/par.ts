/** RFC 9126 – the pushed authorization request endpoint. */
import { type AuthorizationFlowDeps, createAuthorizationFlow } from '../authorization/flow.ts'
import { AuthorizationRefused, fromStored, toStored } from '../authorization/read_request.ts'
import type { AuthenticateClient } from '../client_auth/authenticate.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { OAuthError } from '../oauth/errors.ts'
import { clientAuthRequest } from './client_auth_request.ts'

export type ParDeps = AuthorizationFlowDeps & { authenticateClient: AuthenticateClient }

const PATH = '/par'

export const createParEndpoint = (deps: ParDeps): Endpoint => {
  const flow = createAuthorizationFlow(deps)
  return {
    at: 'realm',
    method: 'POST',
    path: PATH,
    errors: 'json',
    cors: 'clients',
    async handle(request, reply, realm) {
      const asked = clientAuthRequest(request, realm, PATH)
      // RFC 9126 §2.1 – authenticated as at the token endpoint.
      const client = await deps.authenticateClient(realm, asked)
      request.clientId = client.clientId
      // RFC 9126 §2.1 – a reference cannot be pushed.
      if (asked.parameters.has('request_uri')) throw new OAuthError('invalid_request', 'A request_uri cannot be pushed')
      const stored = { ...toStored(asked.parameters), client_id: client.clientId }
      try {
        await flow.readRequest(realm, fromStored(stored), { pushed: true })
      } catch (error) {
        // RFC 9126 §2.3 – whatever is wrong with the request is told here, in JSON.
        throw error instanceof AuthorizationRefused ? error.error : error
      }
      const pushed = await flow.pushedRequests.push(realm, client, stored, asked.ip)
      return reply.code(201).header('cache-control', 'no-store').send(pushed)
    },
  }
}
