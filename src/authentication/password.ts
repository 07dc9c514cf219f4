/** Signing in with a username and a password, and changing the password: for the JSON API and for the pages alike. */

import type { Counting } from '../limits/attempt_counts.ts'
import { OAuthError } from '../oauth/errors.ts'
import { usernameProblem } from '../oauth/username.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { type AuditEvent, type NewAuditEvent, newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Store } from '../storage/store.ts'
import { canonicalUsername, type User } from '../storage/users.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import type { Proof } from './first_factor.ts'
import { createGuessLimits } from './guess_limits.ts'
import type { KnownDevices } from './known_device.ts'
import type { PasswordHashing } from './password_hashing.ts'
import { checkNewPassword, type PasswordProblem, toPassword } from './password_policy.ts'

export type PasswordDeps = {
  passwordHashing: PasswordHashing
  store: Pick<Store, 'transaction'>
  sessions: Pick<Sessions, 'endByUser'>
  knownDevices: Pick<KnownDevices, 'find'>
  counting: Counting
  clock: Clock
  random: Random
  log: Log
}

export type PasswordChange =
  | { outcome: 'changed'; user: User }
  | { outcome: 'wrong_password' }
  | { outcome: 'refused'; problem: PasswordProblem }

type Verdict = { isRight: true; user: User } | { isRight: false; user: User | undefined; reason: string }

const isExpired = (user: User, maxAgeSeconds: number | undefined, now: number): boolean => {
  if (user.changePassword) return true
  return maxAgeSeconds !== undefined && now - (user.passwordChangedAt ?? user.createdAt) >= maxAgeSeconds * 1000
}

export const createPasswordAuthentication = (deps: PasswordDeps) => {
  const { passwordHashing, store, sessions, knownDevices, clock, log } = deps
  const limitGuesses = createGuessLimits(deps.counting)

  const event = (
    type: AuditEvent['type'],
    user: User | undefined,
    facts: RequestFacts,
    detail: AuditEvent['detail'],
  ): NewAuditEvent =>
    newAuditEvent(deps, facts, {
      type,
      outcome: type === 'auth_failure' ? 'failure' : 'success',
      // Never a name that nobody has: people type their password there.
      principal: user?.username,
      target: user?.id,
      detail: { method: 'up', ...detail },
    })

  /** T-BF-01 – one hash, whatever is wrong: who exists, who is disabled and who has no password cannot be told apart. */
  const verify = async (user: User | undefined, text: string): Promise<Verdict> => {
    const password = toPassword(text)
    // T-BF-08 – for every username alike.
    if (password === undefined) return { isRight: false, user, reason: 'unusable_password' }
    if (!user?.enabled || user.passwordHash === undefined) {
      await passwordHashing.verifyNobody(password)
      return { isRight: false, user, reason: reasonWithoutPassword(user) }
    }
    const isRight = await passwordHashing.verify(user.passwordHash, password)
    return isRight ? { isRight, user } : { isRight, user, reason: 'wrong_password' }
  }

  const reasonWithoutPassword = (user: User | undefined): string => {
    if (!user) return 'unknown_user'
    return user.enabled ? 'no_password' : 'disabled'
  }

  /** The only moment at which a hash can be brought to the configured cost. Undefined when it has it already. */
  const rehash = async (phc: string | undefined, text: string): Promise<string | undefined> => {
    const password = toPassword(text)
    if (phc === undefined || password === undefined || !passwordHashing.needsRehash(phc)) return undefined
    try {
      return await passwordHashing.hash(password)
    } catch (error) {
      // The password is right all the same; there will be a calmer moment.
      if (!(error instanceof OAuthError)) throw error
      log.debug({ hint: error.message }, 'a password hash keeps its old cost')
      return undefined
    }
  }

  const findUser = async (realm: Realm, username: string): Promise<User | undefined> =>
    usernameProblem(username) === undefined ? await realm.store.users.findByUsername(username) : undefined

  /** The verdict on a guess, which is counted before anything is looked at. */
  const judge = async (
    realm: Realm,
    { username, password, device }: { username: string; password: string; device?: string | undefined },
    facts: RequestFacts,
  ): Promise<Verdict> => {
    const guess = { realmId: realm.id, canonicalUsername: canonicalUsername(username.slice(0, 256)), ip: facts.ip }
    const guessed = {
      findUser: () => findUser(realm, username),
      findDevice: (user: User) => knownDevices.find(realm, device, user),
      mayBeKnown: device !== undefined,
    }
    const verdict = await limitGuesses(guess, guessed, (user: User | undefined) => verify(user, password))
    if (!verdict.isRight) return verdict
    const passwordHash = await rehash(verdict.user.passwordHash, password)
    if (passwordHash === undefined || !(await realm.store.users.rehashPassword(verdict.user, passwordHash)))
      return verdict
    return { isRight: true, user: { ...verdict.user, passwordHash } }
  }

  /** T-RT-08 – who knew the old password must not keep what they got with it. */
  const storePassword = async (realm: Realm, user: User, password: string, facts: RequestFacts): Promise<User> => {
    const passwordHash = await passwordHashing.hash(password)
    const now = clock.now()
    const changes = { passwordHash, passwordChangedAt: now, changePassword: false }
    await store.transaction(async (repositories) => {
      const inRealm = repositories.realm(realm.id)
      if (!(await inRealm.users.replacePassword(user, changes)))
        throw new OAuthError('conflict', 'The password was changed by another request')
      await inRealm.refreshFamilies.revokeByUser(user.id, 'password_changed', now)
      await inRealm.audit.insert(event('user.password_changed', user, facts, {}))
    })
    return { ...user, ...changes, updatedAt: now }
  }

  return {
    /** Throws too_many_requests, and temporarily_unavailable when too many passwords are being checked. */
    async prove(
      realm: Realm,
      credentials: { username: string; password: string; device?: string | undefined },
      facts: RequestFacts,
    ): Promise<Proof> {
      const params = realm.settings.auth_params.username_password_params
      if (!params) return { isProved: false, user: undefined, reason: 'method_off' }
      const verdict = await judge(realm, credentials, facts)
      if (!verdict.isRight) return { isProved: false, user: verdict.user, reason: verdict.reason }
      const { user } = verdict
      const isPasswordExpired = isExpired(user, params.max_password_age_seconds, clock.now())
      // RFC 8176 §2
      return { isProved: true, user, amr: ['pwd'], isPasswordExpired }
    },

    /**
     * Ends the user's other sessions and everything that clients hold on the user's behalf. OWASP ASVS 6.2.3 – the current
     * password is asked for, and guesses at it are limited like those at the login.
     */
    async changePassword(
      realm: Realm,
      user: Pick<User, 'id' | 'username'>,
      passwords: { current: string; next: string; device?: string | undefined },
      facts: RequestFacts & { exceptSessionId?: string },
    ): Promise<PasswordChange> {
      if (!realm.settings.auth_params.username_password_params) return { outcome: 'wrong_password' }
      const { current, device } = passwords
      const verdict = await judge(realm, { username: user.username, password: current, device }, facts)
      if (!verdict.isRight) {
        await realm.store.audit.insert(event('auth_failure', verdict.user, facts, { reason: verdict.reason }))
        return { outcome: 'wrong_password' }
      }
      if (verdict.user.id !== user.id) return { outcome: 'wrong_password' }
      const next = checkNewPassword(passwords.next, { username: verdict.user.username, realmId: realm.id })
      if (next.problem) return { outcome: 'refused', problem: next.problem }
      if (constantTimeEquals(next.password, toPassword(passwords.current) ?? ''))
        return { outcome: 'refused', problem: 'same' }
      const { id } = verdict.user
      const except = facts.exceptSessionId === undefined ? {} : { except: facts.exceptSessionId }
      // First, so that nothing is changed while the session store cannot end them; and after it, those that came between.
      await sessions.endByUser(realm.id, id, except)
      const changed = await storePassword(realm, verdict.user, next.password, facts)
      await sessions.endByUser(realm.id, id, except)
      return { outcome: 'changed', user: changed }
    },
  }
}

export type PasswordAuthentication = ReturnType<typeof createPasswordAuthentication>
