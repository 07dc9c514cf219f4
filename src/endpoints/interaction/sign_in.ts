/** OpenID Connect Core §2 – the session that begins when a person has signed in on a page. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { startSession } from '../../authentication/start_session.ts'
import { setCookie } from '../../http/cookies.ts'
import { type RememberDeviceDeps, rememberDevice } from '../../http/known_device.ts'
import { factsOf } from '../../http/request_facts.ts'
import { sessionCookieName, sessionCookieSameSite } from '../../sessions/cookies.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { User } from '../../storage/users.ts'
import { type Clock, delay, toSeconds } from '../../system/clock.ts'
import { type Opened, readSsoSecret } from './opened.ts'

export type SignInDeps = RememberDeviceDeps & {
  sessions: Pick<Sessions, 'start' | 'resume' | 'end' | 'replace'>
  clock: Clock
}

type Person = { user: User; authScheme: string; amr: string[]; request: FastifyRequest; reply: FastifyReply }

/** A new session always, so that nobody can have planted it (OWASP ASVS 7.2.4); the old one of this browser ends. */
export const signIn = async (
  deps: SignInDeps,
  opened: Opened,
  { user, authScheme, amr, request, reply }: Person,
): Promise<void> => {
  const { realm, interaction } = opened
  const before = await deps.sessions.resume(realm.id, 'sso', readSsoSecret(request, realm))
  const now = deps.clock.now()
  // auth_time has whole seconds, and a client that asked for a new sign-in must see it grow.
  if (before?.authTime === toSeconds(now)) await delay(1000 - (now % 1000))
  const { ip, userAgent } = factsOf(request)
  const { session, secret } = await startSession(deps, {
    realm,
    kind: 'sso',
    user,
    authScheme,
    amr,
    ip,
    userAgent,
  })
  if (before) await deps.sessions.replace(before, session)
  await realm.store.interactions.markAuthenticated(interaction.id, session.createdAt)
  setCookie(reply, {
    name: sessionCookieName('sso', realm.id),
    value: secret,
    sameSite: sessionCookieSameSite('sso'),
    maxAgeSeconds: realm.settings.session_max_age_seconds,
  })
  await rememberDevice(deps, { request, reply, realm }, user)
}
