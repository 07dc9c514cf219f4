/** POST /password – a new password for the person behind the session; all that an expired password is still good for. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PasswordAuthentication } from '../authentication/password.ts'
import { describePasswordProblem } from '../authentication/password_policy.ts'
import { startSession } from '../authentication/start_session.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { type RememberDeviceDeps, readDevice, rememberDevice } from '../http/known_device.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { factsOf } from '../http/request_facts.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { readBody } from './json_body.ts'
import { setSessionCookie } from './login.ts'
import { openCookieRealm, requireSession } from './session_of_cookie.ts'

export type PasswordDeps = RememberDeviceDeps & {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'start' | 'resume' | 'end'>
  passwordAuthentication: Pick<PasswordAuthentication, 'changePassword'>
}

const passwordBody = z.strictObject({ current_password: z.string(), new_password: z.string() })

export const createPasswordEndpoint = (deps: PasswordDeps): Endpoint => {
  const { realms, sessions, passwordAuthentication } = deps

  /** A restricted session ends with the password that made it so, and a full one takes its place (ASVS 7.2.4). */
  const replaceRestricted = async (
    request: FastifyRequest,
    reply: FastifyReply,
    realm: Realm,
    { session, user }: { session: Session; user: User },
  ): Promise<Session> => {
    const { authScheme, amr } = session
    const { ip, userAgent } = factsOf(request)
    await sessions.end([session.sessionId])
    const started = await startSession({ sessions }, { realm, kind: 'api', user, authScheme, amr, ip, userAgent })
    setSessionCookie(reply, started.session, started.secret)
    return started.session
  }

  return {
    at: 'server',
    method: 'POST',
    path: '/password',
    errors: 'json',
    cors: 'none',
    async handle(request, reply) {
      const realm = await openCookieRealm(realms, request)
      requireOwnOrigin(request, realm.issuer)
      const body = readBody(request, passwordBody)
      const { session, user } = await requireSession(sessions, request, realm)
      const device = readDevice(request, realm)
      const passwords = { current: body.current_password, next: body.new_password, device }
      const facts = { ...factsOf(request), exceptSessionId: session.sessionId }
      const result = await passwordAuthentication.changePassword(realm, user, passwords, facts)
      if (result.outcome === 'wrong_password') throw new OAuthError('unauthorized', 'The current password is wrong')
      if (result.outcome === 'refused')
        throw new OAuthError('unprocessable', `new_password: ${describePasswordProblem(result.problem)}`)
      const current = session.restricted
        ? await replaceRestricted(request, reply, realm, { session, user: result.user })
        : session
      await rememberDevice(deps, { request, reply, realm }, result.user)
      return reply
        .header('cache-control', 'no-store')
        .send({ next_step: 'Authenticated', session_id: current.sessionId })
    },
  }
}
