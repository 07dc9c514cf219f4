/** An interaction in the browser that it belongs to: what each of its pages begins with. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Awaiting } from '../../authorization/complete.ts'
import type { Decision } from '../../authorization/decide.ts'
import type { AuthorizationFlow } from '../../authorization/flow.ts'
import type { OpenInteraction } from '../../authorization/interactions.ts'
import { fromStored, isStoredSigned } from '../../authorization/read_request.ts'
import { answerRefusals } from '../../http/authorization_response.ts'
import { readBrowserSecret } from '../../http/browser_secret.ts'
import { readCookie } from '../../http/cookies.ts'
import type { AuthorizationRequest } from '../../oauth/authorization_request.ts'
import { sessionCookieName } from '../../sessions/cookies.ts'
import type { Realm } from '../../storage/realm_directory.ts'

/** The request is read anew for every page: the client may have changed since. */
export type Opened = OpenInteraction & { realm: Realm; asked: AuthorizationRequest; awaiting: Awaiting }

export type Handle = (opened: Opened, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

export const addressOf = ({ realm, interaction }: Opened): string => `${realm.issuer}/interaction/${interaction.id}`

export const clientNameOf = ({ asked: { client } }: Opened): string => client.metadata.client_name ?? client.clientId

export const readSsoSecret = (request: FastifyRequest, realm: Realm): string | undefined =>
  readCookie(request, sessionCookieName('sso', realm.id))

export const decideHere = async (
  flow: AuthorizationFlow,
  opened: Opened,
  request: FastifyRequest,
): Promise<Decision> => {
  const { realm, asked, interaction } = opened
  const signedIn = await flow.findSignedIn(realm, readSsoSecret(request, realm))
  return await flow.decide(realm, { request: asked, signedIn, interaction })
}

type Exchange = { request: FastifyRequest; reply: FastifyReply; realm: Realm }

/** Opens the interaction in the browser that the request comes from. Throws invalid_request and conflict. */
export const handleOpened = async (
  flow: AuthorizationFlow,
  id: string,
  { request, reply, realm }: Exchange,
  handle: Handle,
): Promise<FastifyReply> => {
  const here = await flow.interactions.open(realm, id, readBrowserSecret(request, realm.id))
  const { pushedRequestHash, parameters } = here.interaction
  const awaiting = { interactionId: id, pushedRequestHash }
  return await answerRefusals(reply, { realm, flow, awaiting }, async () => {
    const pushed = pushedRequestHash !== undefined
    const asked = await flow.readRequest(realm, fromStored(parameters), {
      pushed,
      isSigned: isStoredSigned(parameters),
    })
    request.clientId = asked.client.clientId
    return await handle({ ...here, realm, asked, awaiting }, request, reply)
  })
}

export const createHandleOpened =
  (flow: AuthorizationFlow, handle: Handle) =>
  (request: FastifyRequest, reply: FastifyReply, realm: Realm): Promise<FastifyReply> =>
    handleOpened(flow, (request.params as { id: string }).id, { request, reply, realm }, handle)
