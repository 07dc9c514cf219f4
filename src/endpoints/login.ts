/** POST /login – from credentials to a session, for programs: exactly one credential, one answer for all that is wrong. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { parseBasicCredentials } from '../authentication/basic_credentials.ts'
import type { PasswordAuthentication } from '../authentication/password.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { factsOf } from '../http/request_facts.ts'
import { OAuthError } from '../oauth/errors.ts'
import { sessionCookieName, sessionCookieSameSite } from '../sessions/cookies.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { readBody } from './admin/body.ts'
import { openNamedRealm } from './session_of_cookie.ts'

export type LoginDeps = {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'start' | 'resume' | 'end'>
  passwordAuthentication: Pick<PasswordAuthentication, 'authenticate'>
}

/** The code of an authenticator app, which has six digits or more. */
const loginBody = z.strictObject({
  totp_code: z
    .string()
    .regex(/^[0-9]{6,8}$/, 'must be digits')
    .optional(),
})

/** One description for every failed login: no oracle for what was wrong. RFC 9110 §15.5.2 asks for a challenge. */
const failed = (hint: string): OAuthError =>
  new OAuthError('unauthorized', 'The login failed', {
    hint,
    headers: { 'www-authenticate': 'Basic realm="login", charset="UTF-8"' },
  })

/** A body is optional; without one there is no content type to look at. */
const checkBody = (request: FastifyRequest): void => {
  const isEmpty = request.body === undefined || request.body === null
  if (isEmpty && request.headers['content-type'] === undefined) return
  if (isEmpty && /^application\/json\b/i.test(request.headers['content-type'] ?? '')) return
  readBody(request, loginBody)
}

const readCredentials = (request: FastifyRequest): { username: string; password: string } => {
  // RFC 9110 §11.6.2 – one field with one credential; of two, each side of a proxy could take another.
  // rawHeaders, because HTTP/2 requests have no headersDistinct.
  const names = request.raw.rawHeaders.filter((name, index) => index % 2 === 0 && /^authorization$/i.test(name))
  if (names.length > 1) throw failed('more than one Authorization header')
  const { authorization } = request.headers
  const credentials = authorization === undefined ? undefined : parseBasicCredentials(authorization)
  if (!credentials) throw failed('no credentials of a method that is on')
  return credentials
}

/** The session's cookie for as long as the session can last. */
export const setSessionCookie = (reply: FastifyReply, session: Session, secret: string): void =>
  setCookie(reply, {
    name: sessionCookieName('api', session.realmId),
    value: secret,
    sameSite: sessionCookieSameSite('api'),
    maxAgeSeconds: session.maxAgeSeconds,
  })

export const createLoginEndpoint = ({ realms, sessions, passwordAuthentication }: LoginDeps): Endpoint => {
  /** OWASP ASVS 7.2.4 – the session that the browser brought along is over, whoever's it was. */
  const endFormer = async (request: FastifyRequest, realm: Realm): Promise<void> => {
    const secret = readCookie(request, sessionCookieName('api', realm.id))
    const former = secret === undefined ? undefined : await sessions.resume(realm.id, 'api', secret)
    if (former) await sessions.end([former.sessionId])
  }

  const start = async (
    request: FastifyRequest,
    reply: FastifyReply,
    realm: Realm,
    login: { user: User; restricted: boolean },
  ): Promise<Session> => {
    await endFormer(request, realm)
    const { ip, userAgent } = factsOf(request)
    const { session, secret } = await sessions.start({
      realm,
      kind: 'api',
      authScheme: 'up',
      // RFC 8176 §2
      amr: ['pwd'],
      ip,
      userAgent,
      ...login,
    })
    setSessionCookie(reply, session, secret)
    return session
  }

  return {
    at: 'server',
    method: 'POST',
    path: '/login',
    errors: 'json',
    cors: 'none',
    async handle(request, reply) {
      const realm = await openNamedRealm(realms, request)
      checkBody(request)
      const result = await passwordAuthentication.authenticate(realm, readCredentials(request), factsOf(request))
      if (result.outcome === 'failed') throw failed('wrong credentials')
      const restricted = result.outcome === 'password_expired'
      if (result.outcome === 'password_expired' && !result.mayChange)
        throw new OAuthError('password_expired', 'The password has expired')
      const session = await start(request, reply, realm, { user: result.user, restricted })
      return reply
        .header('cache-control', 'no-store')
        .send({ next_step: restricted ? 'ChangePassword' : 'Authenticated', session_id: session.sessionId })
    },
  }
}
