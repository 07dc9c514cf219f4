/** The parts of an authorization in one hand, for the endpoints that it runs through: /authorize, /par, /interaction. */

import { type CompleteDeps, createComplete } from './complete.ts'
import { createDecide, type DecideDeps } from './decide.ts'
import { createReadIdTokenHint, type IdTokenHintDeps } from './id_token_hint.ts'
import { createInteractions } from './interactions.ts'
import { createPushedRequests, type PushedRequestsDeps } from './pushed_requests.ts'
import { createReadRequest } from './read_request.ts'
import { createUnpackRequest, type RequestObjectDeps } from './request_object.ts'
import { createSignResponse, type SignResponseDeps } from './sign_response.ts'
import { createFindSignedIn, type SignedInDeps } from './signed_in.ts'

export type AuthorizationFlowDeps = CompleteDeps &
  DecideDeps &
  PushedRequestsDeps &
  SignedInDeps &
  IdTokenHintDeps &
  RequestObjectDeps &
  SignResponseDeps

export const createAuthorizationFlow = (deps: AuthorizationFlowDeps) => ({
  unpackRequest: createUnpackRequest(deps),
  readRequest: createReadRequest({ readIdTokenHint: createReadIdTokenHint(deps) }),
  pushedRequests: createPushedRequests(deps),
  interactions: createInteractions(deps),
  findSignedIn: createFindSignedIn(deps),
  decide: createDecide(deps),
  complete: createComplete(deps),
  signResponse: createSignResponse(deps),
})

export type AuthorizationFlow = ReturnType<typeof createAuthorizationFlow>
