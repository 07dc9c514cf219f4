/** RFC 9126 – the pushed authorization request endpoint. */
import { type AuthorizationFlowDeps, createAuthorizationFlow } from '../authorization/flow.ts'
import { AuthorizationRefused, fromStored, type StoredParameters, toStored } from '../authorization/read_request.ts'
import type { AuthenticateClient } from '../client_auth/authenticate.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { DpopDeps } from '../proofs/dpop.ts'
import { createSenderConstraint } from '../proofs/sender_constraint.ts'
import { clientAuthRequest } from './client_auth_request.ts'

export type ParDeps = AuthorizationFlowDeps & DpopDeps & { authenticateClient: AuthenticateClient }

const PATH = '/par'

/** RFC 9449 §10.1 – a proof beside the request binds the code as dpop_jkt does, and both have to agree. */
const withKey = (stored: StoredParameters, jkt: string | undefined): StoredParameters => {
  if (jkt === undefined) return stored
  if ((stored.dpop_jkt ?? jkt) !== jkt)
    throw new OAuthError('invalid_request', 'The dpop_jkt is not the thumbprint of the DPoP proof')
  return { ...stored, dpop_jkt: jkt }
}

export const createParEndpoint = (deps: ParDeps): Endpoint => {
  const flow = createAuthorizationFlow(deps)
  const senderConstraint = createSenderConstraint(deps)
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
      // RFC 9126 §3 – the client is the one that authenticated, whether or not it repeats its client_id beside the object.
      const given = { ...toStored(asked.parameters), client_id: client.clientId }
      const object = asked.parameters.get('request')
      const named = fromStored(object === undefined ? given : { ...given, request: object })
      const unpacked = await flow.unpackRequest(realm, named)
      const proof = await senderConstraint.verifyDpop(realm, client, asked)
      const stored = withKey(toStored(unpacked.parameters, unpacked), proof.confirmation?.jkt)
      try {
        await flow.readRequest(realm, fromStored(stored), { pushed: true, isSigned: unpacked.isSigned })
      } catch (error) {
        // RFC 9126 §2.3 – whatever is wrong with the request is told here, in JSON.
        throw error instanceof AuthorizationRefused ? error.error : error
      }
      await proof.use()
      const pushed = await flow.pushedRequests.push(realm, client, stored, asked.ip)
      const dpopNonce = proof.confirmation && (await senderConstraint.freshNonce(realm))
      if (dpopNonce !== undefined) reply.header('dpop-nonce', dpopNonce)
      return reply.code(201).header('cache-control', 'no-store').send(pushed)
    },
  }
}
