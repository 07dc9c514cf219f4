/** Attestation-Based Client Authentication §4 – what an attester says of one instance of a client, and the key that it names. */
import type { KeyObject } from 'node:crypto'
import { type Claims, isNumericDate, parseJwt, type UnverifiedJwt } from '../oauth/jwt.ts'
import { thumbprint } from '../oauth/signing_algs.ts'
import { importKeys, type VerificationKey } from '../oauth/verification_keys.ts'
import type { ClientAuthRequest } from './method.ts'

const TYPE = 'oauth-client-attestation+jwt'

/** The other side's clock may be ahead by this. */
export const MAX_AHEAD_SECONDS = 10

export type Attestation = UnverifiedJwt & { clientId: string; instanceKey: VerificationKey }

/** Attestation-Based Client Authentication §4 and §7.1 item 5 – RFC 7800 §3.2: in the claim itself, and public. */
const instanceKeyOf = ({ cnf }: Claims): VerificationKey | undefined => {
  const jwk = typeof cnf === 'object' && cnf !== null && 'jwk' in cnf ? cnf.jwk : undefined
  return importKeys([jwk], 1)[0]
}

/** Undefined for what is no attestation by its form; whose signature it has is not looked at. */
export const readAttestation = ({ attestation }: Pick<ClientAuthRequest, 'attestation'>): Attestation | undefined => {
  const jwt = parseJwt(attestation ?? '')
  if (jwt?.typ !== TYPE) return undefined
  const { sub: clientId } = jwt.claims
  const instanceKey = instanceKeyOf(jwt.claims)
  return typeof clientId === 'string' && instanceKey ? { ...jwt, clientId, instanceKey } : undefined
}

/** RFC 7638 §3 – of the key of the instance. */
export const instanceThumbprint = ({ key }: { key: KeyObject }): string => thumbprint(key.export({ format: 'jwk' }))

/** RFC 7519 §4.1.4–4.1.6; `exp` itself is told apart, because a client can do something about it. */
export const datesRefusal = ({ exp, iat, nbf }: Claims, now: number): string | undefined => {
  if (exp !== undefined && !isNumericDate(exp)) return 'no usable exp'
  for (const begin of [iat, nbf]) {
    if (begin === undefined) continue
    if (!isNumericDate(begin)) return 'no usable iat or nbf'
    if (begin > now + MAX_AHEAD_SECONDS) return 'the attestation or its proof is not valid yet'
  }
  return undefined
}
