/** RFC 6238 – the second factor: a code of an authenticator app, or one of the recovery codes in its place. */
import { createSealing, type SecretsParams } from '../keys/sealing.ts'
import type { Counting } from '../limits/attempt_counts.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { AuthParams } from '../oauth/realm_settings.ts'
import {
  type AuditEvent,
  type AuditEventType,
  type NewAuditEvent,
  newAuditEvent,
  type RequestFacts,
} from '../storage/audit_events.ts'
import { isDuplicateKey } from '../storage/database.ts'
import { type Realm, shownRealm } from '../storage/realm_directory.ts'
import type { RealmStore, Store } from '../storage/store.ts'
import type { TotpCredential } from '../storage/totp_credentials.ts'
import type { User } from '../storage/users.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import { createCodeGuessLimits } from './code_guess_limits.ts'
import { newRecoveryCodes, recoveryCodeHash } from './recovery_code.ts'
import { canonicalSecret, findStep, isTotpCode, newSecret, otpauthUrl } from './totp_code.ts'

export type TotpDeps = {
  config: { secrets_params: SecretsParams }
  store: Pick<Store, 'transaction'>
  clock: Clock
  random: Random
  log: Log
  counting: Counting
}

/** A secret, and a code that shows that an app has it. */
export type Proposal = { secret: string; token: string }

/** What is to be stored of a proposal that is right; the codes themselves are shown once. */
export type Enrolment = { credential: TotpCredential; recoveryCodes: string[] }

type TotpParams = NonNullable<AuthParams['totp_params']>

const placeOf = (realm: Pick<Realm, 'id'>, userId: string): string[] => ['totp', realm.id, userId]

const hashesOf = (codes: readonly string[]): string[] => codes.map((code) => recoveryCodeHash(code) ?? '')

/** What the app calls us: the host and, where it is not the default one, the realm. */
const issuerName = (realm: Pick<Realm, 'id' | 'issuer'>): string => {
  const { hostname } = new URL(realm.issuer)
  const shown = shownRealm(realm)
  return shown === undefined ? hostname : `${hostname} (${shown})`
}

/** In place of whatever the user had. Inside a transaction. */
export const storeEnrolment = async (
  realmStore: RealmStore,
  { credential, recoveryCodes }: Enrolment,
): Promise<void> => {
  await realmStore.totpCredentials.delete(credential.userId)
  await realmStore.totpCredentials.insert(credential)
  await realmStore.recoveryCodes.replace(credential.userId, hashesOf(recoveryCodes), credential.createdAt)
}

export const createTotp = (deps: TotpDeps) => {
  const { store, clock, random, log } = deps
  const sealing = createSealing(deps)
  const limitGuesses = createCodeGuessLimits(deps.counting)

  const event = (
    type: AuditEventType,
    user: User,
    facts: RequestFacts,
    detail: AuditEvent['detail'] = {},
  ): NewAuditEvent => {
    const outcome = type === 'auth_failure' ? 'failure' : 'success'
    return newAuditEvent(deps, facts, { type, outcome, principal: user.username, target: user.id, detail })
  }

  /** Throws conflict where nobody can enrol. */
  const requireParams = (realm: Realm): TotpParams => {
    const params = realm.settings.auth_params.totp_params
    if (!params) throw new OAuthError('conflict', 'One-time codes are off in this realm: it has no totp_params')
    if (!sealing.canSeal)
      throw new OAuthError('conflict', 'One-time codes need secrets_params.encryption_key in the configuration')
    return params
  }

  /** NIST SP 800-53 SC-28 – what was sealed with the previous key is sealed again with the current one. */
  const reseal = async (realm: Realm, { userId, sealedSecret }: TotpCredential, secret: string): Promise<void> => {
    if (sealing.canSeal)
      await realm.store.totpCredentials.reseal(userId, sealedSecret, sealing.seal(secret, placeOf(realm, userId)))
  }

  const useCode = async (realm: Realm, user: User, code: string): Promise<boolean> => {
    const credential = await realm.store.totpCredentials.find(user.id)
    if (!credential) return false
    const opened = sealing.open(credential.sealedSecret, placeOf(realm, user.id))
    if (!opened) {
      // Refused and not skipped: a lost key must not take the second factor off.
      log.error(
        { realm: realm.id, user_id: user.id },
        'a one-time code secret cannot be opened: it was sealed with another key than those of secrets_params',
      )
      return false
    }
    const step = findStep({ ...credential, secretBase32: opened.text }, code, clock.now())
    // RFC 6238 §5.2 – a code that was accepted once is refused from then on, and so are those before it (T-BF-05).
    if (step === undefined || !(await realm.store.totpCredentials.consumeStep(user.id, step))) return false
    if (!opened.isCurrent) await reseal(realm, credential, opened.text)
    return true
  }

  const useRecoveryCode = async (realm: Realm, user: User, code: string, facts: RequestFacts): Promise<boolean> => {
    const codeHash = recoveryCodeHash(code)
    if (codeHash === undefined) return false
    return await store.transaction(async (repositories) => {
      const inRealm = repositories.realm(realm.id)
      if (!(await inRealm.recoveryCodes.consume(user.id, codeHash, clock.now()))) return false
      const remaining = await inRealm.recoveryCodes.countUnused(user.id)
      await inRealm.audit.insert(event('user.recovery_code_used', user, facts, { remaining }))
      return true
    })
  }

  const check = (realm: Realm, user: User, code: string, facts: RequestFacts): Promise<boolean> => {
    const typed = code.trim()
    const digits = typed.replace(/\s/g, '')
    const owner = `${realm.id} ${user.id}`
    // Apart, so that who guesses codes of the app does not take the last resort away (T-BF-06).
    return isTotpCode(digits)
      ? limitGuesses(`totp ${owner}`, () => useCode(realm, user, digits))
      : limitGuesses(`recovery ${owner}`, () => useRecoveryCode(realm, user, typed, facts))
  }

  const isEnabled = async (realm: Realm, userId: string): Promise<boolean> =>
    (await realm.store.totpCredentials.find(userId)) !== undefined

  /** How an app is told of a secret. Throws conflict. */
  const describe = (realm: Realm, { username }: Pick<User, 'username'>, secretBase32: string) => {
    const params = requireParams(realm)
    return { ...params, otpauthUrl: otpauthUrl({ secretBase32, ...params }, issuerName(realm), username) }
  }

  /** Checks a proposal; undefined when the token is not the secret's. Throws conflict, and unprocessable for a bad secret. */
  const prepare = (realm: Realm, userId: string, { secret, token }: Proposal): Enrolment | undefined => {
    const params = requireParams(realm)
    const secretBase32 = canonicalSecret(secret)
    if (secretBase32 === undefined)
      throw new OAuthError('unprocessable', 'secret: must be base32 of at least 128 bits (RFC 4226 section 4)')
    const now = clock.now()
    const lastStep = findStep({ secretBase32, ...params }, token, now)
    if (lastStep === undefined) return undefined
    const sealedSecret = sealing.seal(secretBase32, placeOf(realm, userId))
    // The code that proves the app is used by that: it signs nobody in afterwards.
    const credential = { userId, sealedSecret, ...params, lastStep, createdAt: now }
    return { credential, recoveryCodes: newRecoveryCodes(random) }
  }

  return {
    isEnabled,

    /** A method that the realm does not have is asked of nobody, enrolled or not. */
    async isRequired(realm: Realm, user: User): Promise<boolean> {
      return realm.settings.auth_params.totp_params !== undefined && (await isEnabled(realm, user.id))
    },

    /** RFC 8176 §2 – `otp` for a right code, which counts once; undefined otherwise. Throws too_many_requests. */
    async verify(realm: Realm, user: User, code: string, facts: RequestFacts): Promise<string[] | undefined> {
      return (await check(realm, user, code, facts)) ? ['otp'] : undefined
    },

    /** Before a change by who is signed in already. A wrong code is on record. Throws too_many_requests. */
    async confirm(realm: Realm, user: User, code: string, facts: RequestFacts): Promise<boolean> {
      const isRight = await check(realm, user, code, facts)
      if (!isRight)
        await realm.store.audit.insert(
          event('auth_failure', user, facts, { method: 'totp', reason: 'wrong_totp_code' }),
        )
      return isRight
    },

    /** A new secret, which is stored nowhere. Throws conflict. */
    generate(realm: Realm, user: Pick<User, 'username'>): { secretBase32: string; otpauthUrl: string } {
      const secretBase32 = newSecret(requireParams(realm).algorithm, random)
      return { secretBase32, otpauthUrl: describe(realm, user, secretBase32).otpauthUrl }
    },

    describe,

    prepare,

    /** By the user: undefined when the token is not the secret's. Throws conflict when one-time codes are on already. */
    async enable(
      realm: Realm,
      user: User,
      proposal: Proposal,
      facts: RequestFacts,
    ): Promise<{ recoveryCodes: string[] } | undefined> {
      const enrolment = prepare(realm, user.id, proposal)
      if (!enrolment) return undefined
      const { credential, recoveryCodes } = enrolment
      try {
        await store.transaction(async (repositories) => {
          const inRealm = repositories.realm(realm.id)
          // T-SE-08 – what is there is not replaced by who knows the password alone.
          await inRealm.totpCredentials.insert(credential)
          await inRealm.recoveryCodes.replace(user.id, hashesOf(recoveryCodes), credential.createdAt)
          await inRealm.audit.insert(event('user.totp_enabled', user, facts))
        })
      } catch (error) {
        throw isDuplicateKey(error) ? new OAuthError('conflict', 'One-time codes are on already') : error
      }
      return { recoveryCodes }
    },

    /** By the user: false when they were off. The caller has asked for a code before. */
    disable: (realm: Realm, user: User, facts: RequestFacts): Promise<boolean> =>
      store.transaction(async (repositories) => {
        const inRealm = repositories.realm(realm.id)
        if (!(await inRealm.totpCredentials.delete(user.id))) return false
        await inRealm.audit.insert(event('user.totp_disabled', user, facts))
        return true
      }),

    /** By the user: ten new codes, with which the old ones end. The caller has asked for a code before. */
    async replaceRecoveryCodes(realm: Realm, user: User, facts: RequestFacts): Promise<string[]> {
      const recoveryCodes = newRecoveryCodes(random)
      await store.transaction(async (repositories) => {
        const inRealm = repositories.realm(realm.id)
        await inRealm.recoveryCodes.replace(user.id, hashesOf(recoveryCodes), clock.now())
        await inRealm.audit.insert(event('user.recovery_codes_replaced', user, facts))
      })
      return recoveryCodes
    },
  }
}

export type Totp = ReturnType<typeof createTotp>
