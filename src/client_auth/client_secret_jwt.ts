/** OpenID Connect Core §9, RFC 7523 §2.2 – a client proves itself by an assertion under the secret that it shares with us. */
import type { SealingDeps } from '../keys/sealing.ts'
import { parseMacJwt } from '../oauth/jwt.ts'
import { toMacAlg, verifyMac } from '../oauth/mac_algs.ts'
import type { Log } from '../system/log.ts'
import { type ClientAssertionDeps, createClientAssertion } from './client_assertion.ts'
import type { ClientAuthMethod } from './method.ts'
import { createFindSecret } from './sealed_secret.ts'

export type ClientSecretJwtDeps = ClientAssertionDeps & SealingDeps & { log: Pick<Log, 'warn' | 'error'> }

export const createClientSecretJwt = (deps: ClientSecretJwtDeps): ClientAuthMethod => {
  const findSecret = createFindSecret(deps)
  return createClientAssertion(
    {
      name: 'client_secret_jwt',
      parse: parseMacJwt,
      toAlg: toMacAlg,
      isSigned: async (realm, client, jwt) => {
        const key = await findSecret(realm, client)
        return key !== undefined && verifyMac(key, jwt.signingInput, jwt.signature)
      },
    },
    deps,
  )
}
