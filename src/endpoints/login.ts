/** POST /login – from credentials to a session, for programs: exactly one credential, one answer for all that is wrong. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { parseBasicCredentials } from '../authentication/basic_credentials.ts'
import type { Credential } from '../authentication/first_factor.ts'
import type { LoginFlow, LoginOutcome } from '../authentication/login.ts'
import { startSession } from '../authentication/start_session.ts'
import { bearerToken } from '../http/bearer.ts'
import { presentedCertificate } from '../http/client_certificate.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { type RememberDeviceDeps, readDevice, rememberDevice } from '../http/known_device.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { factsOf } from '../http/request_facts.ts'
import { OAuthError } from '../oauth/errors.ts'
import { sessionCookieName, sessionCookieSameSite } from '../sessions/cookies.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import { readBody } from './json_body.ts'
import { openNamedRealm } from './session_of_cookie.ts'

export type LoginDeps = RememberDeviceDeps & {
  realms: Pick<RealmDirectory, 'open'>
  sessions: Pick<Sessions, 'start' | 'resume' | 'end'>
  loginFlow: Pick<LoginFlow, 'login'>
}

/** The code of an authenticator app, or one of the recovery codes. */
const loginBody = z.strictObject({ totp_code: z.string().min(6).max(64).optional() })

const CHALLENGE = 'Basic realm="login", charset="UTF-8"'

/** One description for every failed login: no oracle for what was wrong. RFC 9110 §15.5.2 asks for a challenge. */
const failed = (hint: string): OAuthError =>
  new OAuthError('unauthorized', 'The login failed', {
    hint,
    headers: { 'www-authenticate': CHALLENGE },
  })

/** The handshake took any certificate, so that this can be said in words. */
const noCertificate = (): OAuthError =>
  new OAuthError('unauthorized', 'No acceptable client certificate was presented', {
    headers: { 'www-authenticate': CHALLENGE },
  })

/** A body is optional; without one there is no content type to look at. */
const readTotpCode = (request: FastifyRequest): string | undefined => {
  const isEmpty = request.body === undefined || request.body === null
  if (isEmpty && request.headers['content-type'] === undefined) return undefined
  if (isEmpty && /^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined
  return readBody(request, loginBody).totp_code
}

const fromHeader = (authorization: string, device: string | undefined): Credential => {
  const password = parseBasicCredentials(authorization)
  if (password) return { scheme: 'up', ...password, device }
  const token = bearerToken(authorization)
  if (token !== undefined) return { scheme: 'jwt', token }
  throw failed('the Authorization header is neither Basic nor Bearer')
}

/**
 * The one credential. A header is what the caller chose to send, while a certificate comes with every request of a
 * connection: it counts when there is no header.
 */
const readCredential = (request: FastifyRequest, realm: Realm): Credential => {
  const { authorization } = request.headers
  if (authorization !== undefined) return fromHeader(authorization, readDevice(request, realm))
  const certificate = presentedCertificate(request)
  if (certificate) return { scheme: 'cc', certificate }
  throw failed('no credentials')
}

/** The session's cookie for as long as the session can last. */
export const setSessionCookie = (reply: FastifyReply, session: Session, secret: string): void =>
  setCookie(reply, {
    name: sessionCookieName('api', session.realmId),
    value: secret,
    sameSite: sessionCookieSameSite('api'),
    maxAgeSeconds: session.maxAgeSeconds,
  })

type Authenticated = Extract<LoginOutcome, { outcome: 'authenticated' }>

export const createLoginEndpoint = ({ realms, sessions, loginFlow, knownDevices }: LoginDeps): Endpoint => {
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
    { user, authScheme, amr, restricted }: Authenticated,
  ): Promise<Session> => {
    await endFormer(request, realm)
    const { ip, userAgent } = factsOf(request)
    const person = { realm, kind: 'api', user, authScheme, amr, restricted, ip, userAgent } as const
    const { session, secret } = await startSession({ sessions }, person)
    setSessionCookie(reply, session, secret)
    await rememberDevice({ knownDevices }, { request, reply, realm }, user)
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
      // T-CS-01 – nobody is signed in by a page of another site.
      requireOwnOrigin(request, realm.issuer)
      const code = readTotpCode(request)
      const credential = readCredential(request, realm)
      const login = await loginFlow.login(realm, credential, code, factsOf(request))
      reply.header('cache-control', 'no-store')
      switch (login.outcome) {
        case 'failed':
          throw credential.scheme === 'cc' ? noCertificate() : failed('the audit trail has the reason')
        case 'password_expired':
          throw new OAuthError('password_expired', 'The password has expired')
        case 'totp_required':
          return reply.send({ next_step: 'TotpRequired', session_id: null })
        case 'authenticated': {
          const session = await start(request, reply, realm, login)
          const next_step = login.restricted ? 'ChangePassword' : 'Authenticated'
          return reply.send({ next_step, session_id: session.sessionId })
        }
      }
    },
  }
}
