/** OpenID Connect Core §9, RFC 7523 §2.2 – a client proves itself by an assertion under its private key. */
import { parseJwt } from '../oauth/jwt.ts'
import { toSigningAlg, verifySignature } from '../oauth/signing_algs.ts'
import { type ClientAssertionDeps, createClientAssertion } from './client_assertion.ts'
import type { ClientKeys } from './client_keys.ts'
import type { ClientAuthMethod } from './method.ts'

export type PrivateKeyJwtDeps = ClientAssertionDeps & { clientKeys: Pick<ClientKeys, 'candidates'> }

export const createPrivateKeyJwt = (deps: PrivateKeyJwtDeps): ClientAuthMethod =>
  createClientAssertion(
    {
      name: 'private_key_jwt',
      parse: parseJwt,
      toAlg: toSigningAlg,
      isSigned: async (_realm, client, jwt) => {
        const keys = await deps.clientKeys.candidates(client, jwt)
        return keys.some((key) => verifySignature(jwt.alg, key, jwt.signingInput, jwt.signature))
      },
    },
    deps,
  )
