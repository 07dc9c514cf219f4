/** OAuth 2.1 §7.5.4 and Form Post Response Mode §2 – sends the answer of an authorization request on its way to the client. */
import type { FastifyReply } from 'fastify'
import type { Awaiting } from '../authorization/complete.ts'
import type { AuthorizationFlow } from '../authorization/flow.ts'
import { AuthorizationRefused } from '../authorization/read_request.ts'
import {
  errorFields,
  formActionFor,
  fragmentLocation,
  type ResponseFields,
  redirectLocation,
} from '../authorization/response.ts'
import type { ResponseTarget } from '../oauth/authorization_request.ts'
import { deliveryOf } from '../oauth/response_mode.ts'
import { formPostPage } from '../pages/form_post.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { sendPage } from './page.ts'

/** Always 303: with 307 the browser would post the person's password on to the client. RFC 9700 §4.12. */
export const redirectTo = (reply: FastifyReply, location: string): FastifyReply =>
  reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer').redirect(location, 303)

type Answering = { realm: Realm; flow: Pick<AuthorizationFlow, 'complete' | 'signResponse'> }

export const sendAuthorizationResponse = async (
  reply: FastifyReply,
  { realm, flow }: Answering,
  target: ResponseTarget,
  plain: ResponseFields,
): Promise<FastifyReply> => {
  const { redirectUri, responseMode } = target
  const fields = await flow.signResponse(realm, target, plain)
  switch (deliveryOf(responseMode)) {
    case 'query':
      return redirectTo(reply, redirectLocation(redirectUri, fields))
    case 'fragment':
      return redirectTo(reply, fragmentLocation(redirectUri, fields))
    case 'form_post':
      return sendPage(reply, formPostPage({ action: redirectUri, fields }), { formAction: formActionFor(redirectUri) })
  }
}

/**
 * Does the work; what it refuses is answered to the client, once. Known deviation from the advice of RFC 9700 §4.11.2: an
 * error is sent to the redirect URI though nobody has signed in, because every redirect URI was registered by an administrator.
 */
export const answerRefusals = async (
  reply: FastifyReply,
  { realm, flow, awaiting }: Answering & { awaiting: Awaiting },
  work: () => Promise<FastifyReply>,
): Promise<FastifyReply> => {
  try {
    return await work()
  } catch (refused) {
    if (!(refused instanceof AuthorizationRefused)) throw refused
    const { error, target } = refused
    await flow.complete.close(realm, awaiting)
    reply.request.errorCode = error.code
    return await sendAuthorizationResponse(reply, { realm, flow }, target, errorFields(realm.issuer, target, error))
  }
}
