/** The parts of an authorization in one hand, for the endpoints that it runs through: /authorize, /par, /interaction. */

import { type CompleteDeps, createComplete } from './complete.ts'
import { createDecide } from './decide.ts'
import { createReadIdTokenHint, type IdTokenHintDeps } from './id_token_hint.ts'
import { createInteractions } from './interactions.ts'
import { createPushedRequests, type PushedRequestsDeps } from './pushed_requests.ts'
import { createReadRequest } from './read_request.ts'
import { createFindSignedIn, type SignedInDeps } from './signed_in.ts'

export type AuthorizationFlowDeps = CompleteDeps & PushedRequestsDeps & SignedInDeps & IdTokenHintDeps

export const createAuthorizationFlow = (deps: AuthorizationFlowDeps) => ({
  readRequest: createReadRequest({ readIdTokenHint: createReadIdTokenHint(deps) }),
  pushedRequests: createPushedRequests(deps),
  interactions: createInteractions(deps),
  findSignedIn: createFindSignedIn(deps),
  decide: createDecide(deps),
  complete: createComplete(deps),
})

export type AuthorizationFlow = ReturnType<typeof createAuthorizationFlow>
