/** RFC 6749 §4.1.2 – where an identity provider sends the browser back to, with the answer to a sign-in that began here. */
import type { Upstream } from '../authentication/upstream.ts'
import { type AuthorizationFlowDeps, createAuthorizationFlow } from '../authorization/flow.ts'
import type { RealmEndpoint } from '../http/endpoint.ts'
import { queryParameters } from '../http/form.ts'
import { OAuthError } from '../oauth/errors.ts'
import { handleOpened } from './interaction/opened.ts'
import { createUpstreamAnswer, type UpstreamAnswerDeps } from './interaction/upstream.ts'

export type UpstreamCallbackDeps = AuthorizationFlowDeps &
  UpstreamAnswerDeps & { upstream: Pick<Upstream, 'find' | 'consume'> }

/** One answer for unknown, answered and expired. */
const notHere = (): OAuthError =>
  new OAuthError('invalid_request', 'This sign-in is over. Return to the application and start again', {
    hint: 'unknown, answered or expired state',
  })

export const createUpstreamCallbackEndpoint = (deps: UpstreamCallbackDeps): RealmEndpoint => {
  const flow = createAuthorizationFlow(deps)
  return {
    at: 'realm',
    method: 'GET',
    path: '/upstream/callback',
    errors: 'page',
    cors: 'none',
    async handle(request, reply, realm) {
      const asked = await deps.upstream.find(realm, queryParameters(request.url).get('state'))
      if (!asked) throw notHere()
      const answer = createUpstreamAnswer(deps, asked)
      // T-SE-01 – the browser is looked at first, so that nobody else can use the answer up.
      return await handleOpened(flow, asked.interactionId, { request, reply, realm }, async (opened) => {
        // RFC 6749 §10.12 – one answer to each question.
        if (!(await deps.upstream.consume(realm, asked))) throw notHere()
        return await answer(opened, request, reply)
      })
    },
  }
}
