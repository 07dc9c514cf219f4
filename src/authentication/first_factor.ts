/** What the methods of signing in have in common: a credential goes in, and who it belongs to comes out. */
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'

/** `up`: username and password. `jwt`: a token of an identity provider. `cc`: a TLS client certificate. */
type Credentials = {
  /** `device`: the cookie of a device that somebody signed in with before. */
  up: { username: string; password: string; device?: string | undefined }
  jwt: { token: string }
  cc: { certificate: PresentedCertificate }
}

export type AuthScheme = keyof Credentials

/** Exactly one a login. */
export type Credential<S extends AuthScheme = AuthScheme> = { [K in S]: { scheme: K } & Credentials[K] }[S]

/** One method's answer. `reason` is for the audit trail: the caller is told one thing for all of them. */
export type Proof =
  | {
      isProved: true
      user: User
      /** RFC 8176 §2 */
      amr: string[]
      /** The password is right and has to be changed before anything else. */
      isPasswordExpired: boolean
    }
  | { isProved: false; user: User | undefined; reason: string }

/** A way of signing in. May throw too_many_requests, and temporarily_unavailable where nothing could be checked. */
export type Method<S extends AuthScheme> = (
  realm: Realm,
  credential: Credential<S>,
  facts: RequestFacts,
) => Promise<Proof>
