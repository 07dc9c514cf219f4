/**
 * The login state machine, for the JSON API and the pages alike: one credential proves who it is, a one-time code comes on
 * top where the user has it, and an expired password is changed before anything else happens. Every ending is on record.
 */
import { newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import type { AuthScheme, Credential, Method, Proof } from './first_factor.ts'

/** A first factor that was proved, small enough to be kept while a person looks for the code. */
export type FirstFactor = { scheme: AuthScheme; amr: string[]; isPasswordExpired: boolean }

export type LoginOutcome =
  | {
      outcome: 'authenticated'
      user: User
      /** up, jwt or cc, with +totp where a code was given. */
      authScheme: string
      amr: string[]
      /** The password has to be changed: the session may do nothing else. */
      restricted: boolean
    }
  /** The credential is right and the code is missing. */
  | { outcome: 'totp_required'; user: User; firstFactor: FirstFactor }
  /** The password is right, expired, and the realm does not let people change it themselves. */
  | { outcome: 'password_expired' }
  | { outcome: 'failed' }

/** The second factor, as far as the login needs it. */
export type SecondFactor = {
  isRequired(realm: Realm, user: User): Promise<boolean>
  /** Right codes once each; throws too_many_requests when too many were wrong. The amr says how it was proved. */
  verify(realm: Realm, user: User, code: string, facts: RequestFacts): Promise<string[] | undefined>
}

export type LoginDeps = {
  methods: { [S in AuthScheme]: Method<S> }
  totp: SecondFactor
  clock: Clock
  random: Random
}

type Ending = { type: 'auth_success' | 'auth_failure'; scheme: string; user: User | undefined; reason?: string }

export const createLoginFlow = ({ methods, totp, clock, random }: LoginDeps) => {
  const record = async (realm: Realm, { type, scheme, user, reason }: Ending, facts: RequestFacts): Promise<void> => {
    const event = newAuditEvent({ clock, random }, facts, {
      type,
      outcome: type === 'auth_failure' ? 'failure' : 'success',
      // Never a name that nobody has: people type their password there.
      principal: user?.username,
      target: user?.id,
      detail: { method: scheme, ...(reason === undefined ? {} : { reason }) },
    })
    await realm.store.audit.insert(event)
  }

  const prove = <S extends AuthScheme>(realm: Realm, credential: Credential<S>, facts: RequestFacts): Promise<Proof> =>
    methods[credential.scheme](realm, credential, facts)

  const mayChangePassword = (realm: Realm): boolean =>
    realm.settings.auth_params.username_password_params?.allow_expired_passwords ?? false

  const finish = async (
    realm: Realm,
    user: User,
    proved: FirstFactor & { isTotp: boolean },
    facts: RequestFacts,
  ): Promise<LoginOutcome> => {
    const authScheme = proved.isTotp ? `${proved.scheme}+totp` : proved.scheme
    if (proved.isPasswordExpired && !mayChangePassword(realm)) {
      await record(realm, { type: 'auth_failure', scheme: authScheme, user, reason: 'password_expired' }, facts)
      return { outcome: 'password_expired' }
    }
    const reason = proved.isPasswordExpired ? { reason: 'password_expired' } : {}
    await record(realm, { type: 'auth_success', scheme: authScheme, user, ...reason }, facts)
    return { outcome: 'authenticated', user, authScheme, amr: proved.amr, restricted: proved.isPasswordExpired }
  }

  const secondFactor = async (
    realm: Realm,
    user: User,
    firstFactor: FirstFactor,
    code: string | undefined,
    facts: RequestFacts,
  ): Promise<LoginOutcome> => {
    if (!(await totp.isRequired(realm, user)))
      return await finish(realm, user, { ...firstFactor, isTotp: false }, facts)
    if (code === undefined) return { outcome: 'totp_required', user, firstFactor }
    const amr = await totp.verify(realm, user, code, facts)
    if (amr === undefined) {
      await record(realm, { type: 'auth_failure', scheme: firstFactor.scheme, user, reason: 'wrong_totp_code' }, facts)
      return { outcome: 'failed' }
    }
    // RFC 8176 §2 – more than one factor was used.
    const proved = { ...firstFactor, amr: [...firstFactor.amr, ...amr, 'mfa'], isTotp: true }
    return await finish(realm, user, proved, facts)
  }

  const proceed = async (
    realm: Realm,
    { scheme, proof, code }: { scheme: AuthScheme; proof: Proof; code?: string | undefined },
    facts: RequestFacts,
  ): Promise<LoginOutcome> => {
    if (!proof.isProved) {
      await record(realm, { type: 'auth_failure', scheme, user: proof.user, reason: proof.reason }, facts)
      return { outcome: 'failed' }
    }
    const { user, amr, isPasswordExpired } = proof
    return await secondFactor(realm, user, { scheme, amr, isPasswordExpired }, code, facts)
  }

  return {
    /** Throws too_many_requests, and temporarily_unavailable when too many passwords are being checked. */
    async login(
      realm: Realm,
      credential: Credential,
      code: string | undefined,
      facts: RequestFacts,
    ): Promise<LoginOutcome> {
      const proof = await prove(realm, credential, facts)
      return await proceed(realm, { scheme: credential.scheme, proof, code }, facts)
    },

    /** Begins with what a method said of a credential that came another way than by `login`: at an identity provider. */
    proceed,

    /** Goes on where `totp_required` left off; the caller keeps the first factor where only this browser can reach it. */
    secondFactor,
  }
}

export type LoginFlow = ReturnType<typeof createLoginFlow>
