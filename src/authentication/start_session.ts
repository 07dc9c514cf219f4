/** OWASP ASVS 7.4.3 – a session begins only for who is still the user whose credentials were checked a moment ago. */
import { OAuthError } from '../oauth/errors.ts'
import type { SessionStart, Sessions } from '../sessions/sessions.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'

export type StartSessionDeps = { sessions: Pick<Sessions, 'start' | 'end'> }

type Start = SessionStart & { realm: Pick<Realm, 'id' | 'settings' | 'store'>; user: User }

/** Throws conflict when the user was deleted or disabled, or the password changed, since `user` was read. */
export const startSession = async (
  { sessions }: StartSessionDeps,
  input: Start,
): Promise<Awaited<ReturnType<Sessions['start']>>> => {
  const started = await sessions.start(input)
  // Read after the session is there: whoever changes the user first and ends the sessions then cannot miss this one.
  const now = await input.realm.store.users.find(input.user.id)
  if (now?.enabled && now.passwordChangedAt === input.user.passwordChangedAt) return started
  await sessions.end([started.session.sessionId])
  throw new OAuthError('conflict', 'The account was changed at the same time. Sign in again')
}
