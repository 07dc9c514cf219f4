/** OAuth 2.1 §7.5.4 and Form Post Response Mode §2 – sends the answer of an authorization request on its way to the client. */
import type { FastifyReply } from 'fastify'
import type { Awaiting, Complete } from '../authorization/complete.ts'
import { AuthorizationRefused } from '../authorization/read_request.ts'
import { errorFields, formActionFor, type ResponseFields, redirectLocation } from '../authorization/response.ts'
import type { ResponseTarget } from '../oauth/authorization_request.ts'
import { formPostPage } from '../pages/form_post.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { sendPage } from './page.ts'

/** Always 303: with 307 the browser would post the person's password on to the client. RFC 9700 §4.12. */
export const redirectTo = (reply: FastifyReply, location: string): FastifyReply =>
  reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer').redirect(location, 303)

export const sendAuthorizationResponse = (
  reply: FastifyReply,
  { redirectUri, responseMode }: ResponseTarget,
  fields: ResponseFields,
): FastifyReply =>
  responseMode === 'form_post'
    ? sendPage(reply, formPostPage({ action: redirectUri, fields }), { formAction: formActionFor(redirectUri) })
    : redirectTo(reply, redirectLocation(redirectUri, fields))

/**
 * Does the work; what it refuses is answered to the client, once. Known deviation from the advice of RFC 9700 §4.11.2: an
 * error is sent to the redirect URI though nobody has signed in, because every redirect URI was registered by an administrator.
 */
export const answerRefusals = async (
  reply: FastifyReply,
  { realm, complete, awaiting }: { realm: Realm; complete: Complete; awaiting: Awaiting },
  work: () => Promise<FastifyReply>,
): Promise<FastifyReply> => {
  try {
    return await work()
  } catch (refused) {
    if (!(refused instanceof AuthorizationRefused)) throw refused
    const { error, target } = refused
    await complete.close(realm, awaiting)
    reply.request.errorCode = error.code
    return sendAuthorizationResponse(reply, target, errorFields(realm.issuer, target, error))
  }
}
