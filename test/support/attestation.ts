/** Attestation-Based Client Authentication §4 and §5.1 – attesters and instances of clients as they are, and wrong ones. */
import type { SigningAlg } from '../../src/oauth/signing_algs.ts'
import { systemRandom } from '../../src/system/random.ts'
import { createKey, publicJwkOf, signAny } from './tokens.ts'

type Changes = { header?: Record<string, unknown>; claims?: Record<string, unknown> }

export type Instance = ReturnType<typeof createInstance>

/** An instance of a client, with a key of its own. */
export const createInstance = (alg: SigningAlg = 'ES256') => {
  const key = createKey(alg)
  return {
    ...key,
    jwk: publicJwkOf(key),
    /** A right proof for `issuer`, but for what is asked for. `now`: seconds. */
    prove: (issuer: string, now: number, { header, claims }: Changes = {}): string =>
      signAny(
        alg,
        key.privateKey,
        { typ: 'oauth-client-attestation-pop+jwt', alg, ...header },
        { aud: issuer, jti: systemRandom.id(), iat: now, ...claims },
      ),
  }
}

export const createAttester = (issuer: string, alg: SigningAlg = 'ES256') => {
  const key = createKey(alg)
  const jwks = { keys: [publicJwkOf(key, { kid: 'a1', alg, use: 'sig' })] }
  return {
    ...key,
    jwks,
    /** As a realm or a client registers it. */
    registered: { issuer, jwks },
    /** A right attestation of the instance, but for what is asked for. */
    attest: (clientId: string, { jwk }: Pick<Instance, 'jwk'>, now: number, { header, claims }: Changes = {}): string =>
      signAny(
        alg,
        key.privateKey,
        { typ: 'oauth-client-attestation+jwt', alg, kid: 'a1', ...header },
        { iss: issuer, sub: clientId, iat: now, exp: now + 3_600, cnf: { jwk }, ...claims },
      ),
  }
}
