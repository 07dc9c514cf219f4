/** What the methods of signing in have in common: a credential goes in, and who it belongs to comes out. */
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import type { User } from '../storage/users.ts'

/** `up`: username and password. `jwt`: a token of an identity provider. `cc`: a TLS client certificate. */
export type AuthScheme = 'up' | 'jwt' | 'cc'

/** Exactly one a login. */
export type Credential =
  | { scheme: 'up'; username: string; password: string }
  | { scheme: 'jwt'; token: string }
  | { scheme: 'cc'; certificate: PresentedCertificate }

export type LoginFacts = { ip: string; requestId: string }

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
