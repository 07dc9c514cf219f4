/**
 * OpenID Connect RP-Initiated Logout 1.0 – the end-session endpoint, a page; what is posted here as JSON is the logout of
 * the API beside OAuth.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { csrfToken, requireCsrfToken } from '../authorization/csrf_token.ts'
import { createReadIdTokenHint, type IdTokenHint, type IdTokenHintDeps } from '../authorization/id_token_hint.ts'
import { createReadLogoutRequest, type LogoutRequest } from '../authorization/logout_request.ts'
import { formActionFor } from '../authorization/response.ts'
import { redirectTo } from '../http/authorization_response.ts'
import { ensureBrowserSecret, readBrowserSecret } from '../http/browser_secret.ts'
import { clearCookie, readCookie } from '../http/cookies.ts'
import type { Endpoint, RealmEndpoint } from '../http/endpoint.ts'
import { createErrorHandler } from '../http/errors.ts'
import { queryParameters } from '../http/form.ts'
import { formBody, isForm } from '../http/form_body.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { sendPage } from '../http/page.ts'
import { createListFrames, type FrontChannelDeps, frameSource } from '../logout/front_channel.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { confirmSignOutPage } from '../pages/confirm_sign_out.ts'
import { signedOutPage, signingOutPage } from '../pages/signed_out.ts'
import { sessionCookieName, sessionCookieSameSite } from '../sessions/cookies.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Log } from '../system/log.ts'
import type { Subjects } from '../tokens/subject.ts'
import { createEndSession } from './end_session.ts'
import { createLogoutApi, type LogoutApiDeps } from './logout_api.ts'

export type LogoutDeps = IdTokenHintDeps & LogoutApiDeps & FrontChannelDeps & { subjects: Subjects; log: Log }

const LOGOUT_PARAMETERS = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']

const purposeOf = (session: Session): string[] => ['sign-out', session.sessionId]

/** The address with those of the parameters that name what comes after the logout. */
const withParameters = (address: string, pairs: readonly (readonly [string, string | undefined])[]): string => {
  const known = pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return known.length === 0 ? address : `${address}?${new URLSearchParams(known)}`
}

export const createLogoutEndpoints = (deps: LogoutDeps): Endpoint[] => {
  const { sessions, subjects, random } = deps
  const readLogoutRequest = createReadLogoutRequest({ readIdTokenHint: createReadIdTokenHint(deps) })
  const listFrames = createListFrames(deps)
  const sendJsonError = createErrorHandler('json', deps.log)
  const handleApiLogout = createLogoutApi(deps)
  const endSession = createEndSession(deps)

  const resume = (request: FastifyRequest, realm: Realm): Promise<Session | undefined> =>
    sessions.resume(realm.id, 'sso', readCookie(request, sessionCookieName('sso', realm.id)))

  /** The session by the name that the hint has for it, which may be older than the last sign-in. */
  const isNamed = async (
    { realm, client }: { realm: Realm; client: Client },
    { sessionId: sid }: IdTokenHint,
    { sessionId }: Session,
  ): Promise<boolean> => {
    if (sid === undefined || sid === (await subjects.sessionNameOf(realm, client, sessionId))) return true
    const known = await deps.store.sessionClients.list(sessionId)
    return known.some((member) => member.clientId === client.clientId && member.sid === sid)
  }

  /** RP-Initiated Logout §2 – the hint names the person, and where it does the session, that this browser is signed in as. */
  const isMeant = async (realm: Realm, { hint, client }: LogoutRequest, session: Session): Promise<boolean> => {
    if (!hint || !client) return false
    // OpenID Connect Core §8.1 – as this client knows the person.
    const subject = await subjects.subjectOf(realm, client, session.userId)
    return hint.subject === subject && (await isNamed({ realm, client }, hint, session))
  }

  /** Gives the addresses that the browser has to open. */
  const endWithFrames = async (request: FastifyRequest, realm: Realm, session: Session): Promise<string[]> => {
    const frames = await listFrames(realm, session)
    await endSession(request, realm, session)
    return frames
  }

  const finish = (
    reply: FastifyReply,
    realm: Realm,
    { returnTo, frames }: { returnTo: string | undefined; frames: string[] },
  ): FastifyReply => {
    clearCookie(reply, { name: sessionCookieName('sso', realm.id), sameSite: sessionCookieSameSite('sso') })
    const continueTo = returnTo ?? `${realm.issuer}/signed-out`
    if (frames.length === 0) return redirectTo(reply, continueTo)
    return sendPage(reply, signingOutPage({ frames, continueTo }), { frames: frames.map(frameSource) })
  }

  /** Asks the person first: anybody can send a browser here (T-SE-15). */
  const showConfirmation = (
    request: FastifyRequest,
    reply: FastifyReply,
    realm: Realm,
    { logout, session }: { logout: LogoutRequest; session: Session },
  ): FastifyReply => {
    const browserSecret = ensureBrowserSecret(request, reply, realm.id, random)
    const parameters = queryParameters(request.raw.url ?? '')
    const page = confirmSignOutPage({
      action: withParameters(`${realm.issuer}/logout/confirm`, [
        ['client_id', logout.client?.clientId],
        ['post_logout_redirect_uri', parameters.get('post_logout_redirect_uri')],
        ['state', parameters.get('state')],
      ]),
      csrf: csrfToken(browserSecret, purposeOf(session)),
      clientName: logout.client && (logout.client.metadata.client_name ?? logout.client.clientId),
    })
    return sendPage(reply, page, { formAction: logout.returnTo === undefined ? [] : formActionFor(logout.returnTo) })
  }

  const show: RealmEndpoint['handle'] = async (request, reply, realm) => {
    const logout = await readLogoutRequest(realm, queryParameters(request.raw.url ?? ''))
    const session = await resume(request, realm)
    if (session && !(await isMeant(realm, logout, session)))
      return showConfirmation(request, reply, realm, { logout, session })
    const frames = session ? await endWithFrames(request, realm, session) : []
    // RP-Initiated Logout §3 – without a hint nobody vouches that the person comes from this client.
    return finish(reply, realm, { returnTo: logout.hint && logout.returnTo, frames })
  }

  const post: RealmEndpoint['handle'] = async (request, reply, realm) => {
    if (isForm(request)) {
      // The cookie is SameSite=Lax: it does not come with a form of another site, but with the redirect after it.
      const form = formBody(request)
      const parameters = LOGOUT_PARAMETERS.map((name) => [name, form.get(name)] as const)
      return redirectTo(reply, withParameters(`${realm.issuer}/logout`, parameters))
    }
    try {
      return await handleApiLogout(request, reply)
    } catch (error) {
      return sendJsonError(error, request, reply)
    }
  }

  const confirm: RealmEndpoint['handle'] = async (request, reply, realm) => {
    requireOwnOrigin(request, realm.issuer)
    const form = formBody(request)
    const logout = await readLogoutRequest(realm, queryParameters(request.raw.url ?? ''))
    const session = await resume(request, realm)
    let frames: string[] = []
    if (session) {
      requireCsrfToken(form.get('csrf'), readBrowserSecret(request, realm.id), purposeOf(session))
      frames = await endWithFrames(request, realm, session)
    }
    return finish(reply, realm, { returnTo: logout.returnTo, frames })
  }

  const showSignedOut: RealmEndpoint['handle'] = (_request, reply) => sendPage(reply, signedOutPage({}))

  const shape = { at: 'realm', errors: 'page', cors: 'none' } as const
  return [
    { ...shape, method: 'GET', path: '/logout', handle: show },
    { ...shape, method: 'POST', path: '/logout', handle: post },
    { ...shape, method: 'POST', path: '/logout/confirm', handle: confirm },
    { ...shape, method: 'GET', path: '/signed-out', handle: showSignedOut },
  ]
}
