/** What client authentication and grants may know of a request to an endpoint that clients call. */
import type { FastifyRequest } from 'fastify'
import type { ClientAuthRequest } from '../client_auth/method.ts'
import { formBody } from '../http/form_body.ts'
import { joinedHeader } from '../http/joined_header.ts'
import { shownProof } from '../http/shown_proof.ts'
import type { Realm } from '../storage/realm_directory.ts'

export const clientAuthRequest = (request: FastifyRequest, realm: Realm, path: string): ClientAuthRequest => ({
  // OAuth 2.1 §2.4.1 – from the body alone: never from the URL.
  parameters: formBody(request),
  authorization: request.headers.authorization,
  attestation: joinedHeader(request, 'oauth-client-attestation'),
  attestationPop: joinedHeader(request, 'oauth-client-attestation-pop'),
  endpoint: `${realm.issuer}${path}`,
  ip: request.clientAddress,
  requestId: request.id,
  ...shownProof(request),
})
