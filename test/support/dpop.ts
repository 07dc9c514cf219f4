/** RFC 9449 §4 – proofs as a client makes them, and wrong ones. */
import { createHash, type KeyObject } from 'node:crypto'
import { type SigningAlg, thumbprint } from '../../src/oauth/signing_algs.ts'
import { systemRandom } from '../../src/system/random.ts'
import { createKey, publicJwkOf, signAny } from './tokens.ts'

export type ProofKey = ReturnType<typeof createProofKey>

type Wish = {
  method?: string
  url: string
  accessToken?: string
  /** Seconds. */
  iat: number
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  signWith?: { alg: SigningAlg; key: KeyObject }
}

export const athOf = (accessToken: string): string => createHash('sha256').update(accessToken).digest('base64url')

export const createProofKey = (alg: SigningAlg = 'ES256') => {
  const pair = createKey(alg)
  const jwk = publicJwkOf(pair)
  return {
    ...pair,
    alg,
    jwk,
    jkt: thumbprint(jwk),
    /** A right proof, but for what is asked for. */
    prove({ method = 'POST', url, accessToken, iat, header, claims, signWith }: Wish): string {
      const { alg: signingAlg, key } = signWith ?? { alg, key: pair.privateKey }
      return signAny(
        signingAlg,
        key,
        { typ: 'dpop+jwt', alg, jwk, ...header },
        {
          jti: systemRandom.id(),
          htm: method,
          htu: url,
          iat,
          ...(accessToken === undefined ? {} : { ath: athOf(accessToken) }),
          ...claims,
        },
      )
    },
  }
}
