/** RFC 7519 – what a session says, for those who validate it offline: its claims, and the same signed with ES256. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { encodeHeader, encodeSigningInput } from '../oauth/jwt.ts'
import { createSignature, thumbprint } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { endOf } from './session_lifetime.ts'
import type { Session } from './session_store.ts'

export type SessionClaims = {
  iss: string
  sub: string
  aud: string
  iat: number
  exp: number
  sid: string
  realm: string
  auth_scheme: string
  amr: string[]
  roles: string[]
}

export type SessionJwtDeps = {
  config: { pem: { session_jwt_private_key: string; session_jwt_public_key: string } }
  clock: Clock
}

export const createSessionJwt = ({ config, clock }: SessionJwtDeps) => {
  const sign = createSignature('ES256', createPrivateKey(config.pem.session_jwt_private_key))
  const { kty, crv, x, y } = createPublicKey(config.pem.session_jwt_public_key).export({ format: 'jwk' })
  const kid = thumbprint({ kty, crv, x, y })
  // RFC 8725 §3.11 – a type of its own, so that it is never taken for an access token or an ID token.
  const header = encodeHeader({ alg: 'ES256', typ: 'session+jwt', kid })
  return {
    /** RFC 7517 §4 – the public half of the key that signs, for those who verify. */
    publicKey: { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' },

    /** `exp` is when the session is over if nobody uses it: what is signed never outlives what it speaks of. */
    claims: (
      realm: Pick<Realm, 'id' | 'issuer'>,
      session: Session,
      user: Pick<User, 'id' | 'roles'>,
    ): SessionClaims => ({
      iss: realm.issuer,
      sub: user.id,
      aud: realm.issuer,
      iat: toSeconds(clock.now()),
      exp: toSeconds(endOf(session)),
      sid: session.sessionId,
      realm: realm.id,
      auth_scheme: session.authScheme,
      amr: session.amr,
      roles: user.roles,
    }),

    /** RFC 7515 §3.1 – compact serialization. */
    issue(claims: SessionClaims): string {
      const signingInput = encodeSigningInput(header, claims)
      return `${signingInput}.${sign(signingInput)}`
    },
  }
}

export type SessionJwt = ReturnType<typeof createSessionJwt>
