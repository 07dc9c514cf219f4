/** OAuth 2.1 §3.1 and OpenID Connect Core §3.1.2 – the authorization endpoint. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AuthorizationFlowDeps, createAuthorizationFlow } from '../authorization/flow.ts'
import { isPushedRequestUri } from '../authorization/pushed_requests.ts'
import { fromStored, isStoredSigned, toStored } from '../authorization/read_request.ts'
import { answerRefusals, redirectTo, sendAuthorizationResponse } from '../http/authorization_response.ts'
import { readBrowserSecret, setBrowserSecret } from '../http/browser_secret.ts'
import { readCookie } from '../http/cookies.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { queryParameters } from '../http/form.ts'
import { formBody } from '../http/form_body.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { sessionCookieName } from '../sessions/cookies.ts'
import type { Realm } from '../storage/realm_directory.ts'

type Asked = { parameters: Parameters; isSigned: boolean; pushedRequestHash: string | undefined }

const parametersOf = (request: FastifyRequest): Parameters =>
  request.method === 'POST' ? formBody(request) : queryParameters(request.raw.url ?? '')

export const createAuthorizeEndpoint = (deps: AuthorizationFlowDeps): Endpoint => {
  const flow = createAuthorizationFlow(deps)

  /**
   * What the client pushed or signed, where the request refers to it or has it: everything beside client_id is then
   * ignored (RFC 9126 §4, RFC 9101 §6.3).
   */
  const open = async (realm: Realm, parameters: Parameters): Promise<Asked> => {
    const requestUri = parameters.get('request_uri')
    if (requestUri === undefined || !isPushedRequestUri(requestUri) || parameters.has('request'))
      return { ...(await flow.unpackRequest(realm, parameters)), pushedRequestHash: undefined }
    const opened = await flow.pushedRequests.open(realm, requestUri, parameters.get('client_id'))
    return {
      parameters: fromStored(opened.parameters),
      isSigned: isStoredSigned(opened.parameters),
      pushedRequestHash: opened.referenceHash,
    }
  }

  /** Somebody has to be asked: the request waits here, and the browser goes on to its page. */
  const beginInteraction = async (
    request: FastifyRequest,
    reply: FastifyReply,
    realm: Realm,
    { clientId, asked }: { clientId: string; asked: Asked },
  ): Promise<FastifyReply> => {
    const { id, browserSecret } = await flow.interactions.begin(realm, {
      clientId,
      parameters: toStored(asked.parameters, asked),
      pushedRequestHash: asked.pushedRequestHash,
      browserSecret: readBrowserSecret(request, realm.id),
    })
    setBrowserSecret(reply, realm.id, browserSecret)
    return redirectTo(reply, `${realm.issuer}/interaction/${id}`)
  }

  return {
    at: 'realm',
    method: ['GET', 'POST'],
    path: '/authorize',
    errors: 'page',
    // OAuth 2.1 §3.1 – no CORS here.
    cors: 'none',
    async handle(request, reply, realm) {
      const asked = await open(realm, parametersOf(request))
      const awaiting = { interactionId: undefined, pushedRequestHash: asked.pushedRequestHash }
      return await answerRefusals(reply, { realm, flow, awaiting }, async () => {
        // RFC 9126 §7.4 – what was pushed is checked again: the client may have changed since.
        const authorizationRequest = await flow.readRequest(realm, asked.parameters, {
          pushed: asked.pushedRequestHash !== undefined,
          isSigned: asked.isSigned,
        })
        const { clientId } = authorizationRequest.client
        request.clientId = clientId
        const signedIn = await flow.findSignedIn(realm, readCookie(request, sessionCookieName('sso', realm.id)))
        const decision = await flow.decide(realm, { request: authorizationRequest, signedIn, interaction: undefined })
        if (decision.step !== 'complete') return await beginInteraction(request, reply, realm, { clientId, asked })
        const fields = await flow.complete.grant(realm, authorizationRequest, decision.signedIn, { awaiting })
        return await sendAuthorizationResponse(reply, { realm, flow }, authorizationRequest, fields)
      })
    },
  }
}
