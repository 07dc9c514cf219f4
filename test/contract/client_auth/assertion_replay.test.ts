/** RFC 7523 §3 – one assertion, or one proof beside an attestation, is used once, however many show it at the same time, on every database and on two nodes. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createKeepSecret } from '../../../src/client_auth/sealed_secret.ts'
import type { OAuthError } from '../../../src/oauth/errors.ts'
import { createAttester, createInstance } from '../../support/attestation.ts'
import { forEachDialect } from '../../support/databases.ts'
import {
  createKey,
  createTokenWorld,
  ISSUER,
  macAny,
  publicJwkOf,
  SECRET,
  START,
  signAny,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const NOW = START / 1000

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key)] }

const signers: Record<string, (claims: Record<string, unknown>) => string> = {
  private_key_jwt: (claims) => signAny('ES256', key.privateKey, { alg: 'ES256' }, claims),
  client_secret_jwt: (claims) => macAny(SECRET, { alg: 'HS256' }, claims),
}

const attester = createAttester('https://attester.example')
const instance = createInstance()

forEachDialect((_dialect, open) => {
  const opened = open()
  let nodes: TokenWorld[] = []

  before(async () => {
    const { database, test: made } = opened()
    const first = await createTokenWorld(database)
    nodes = [first, await createTokenWorld(made.connect())]
    await first.addClient({ token_endpoint_auth_method: 'private_key_jwt', jwks }, { clientId: 'private_key_jwt' })
    const signing = await first.addClient(
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { clientId: 'client_secret_jwt' },
    )
    await first.addClient(
      { token_endpoint_auth_method: 'attest_jwt_client_auth', client_attesters: [attester.registered] },
      { clientId: 'attested' },
    )
    await createKeepSecret(first)(first.store.realm('main'), signing, SECRET)
  })

  /** Twenty at once over both nodes, from addresses of their own, with the same proof. */
  const rush = async (
    parameters: Record<string, string>,
    changes: Parameters<typeof tokenRequest>[1] = {},
  ): Promise<void> => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => {
        const node = nodes[index % nodes.length]
        assert.ok(node)
        const shown = { authorization: undefined, ip: `192.0.2.${index}`, ...changes }
        return await node.authenticateClient(await node.open(), tokenRequest(parameters, shown))
      }),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as OAuthError).code, 'invalid_client', outcome.reason)
  }

  for (let round = 0; round < 3; round++) {
    for (const [method, sign] of Object.entries(signers))
      test(`T-CA-02 RFC 7523 §3 – of 20 callers with one assertion of ${method} exactly one is let in, round ${round + 1}`, async () => {
        const claims = { iss: method, sub: method, aud: ISSUER, jti: `round ${round}`, exp: NOW + 60 }
        await rush({ client_assertion_type: TYPE, client_assertion: sign(claims) })
      })

    test(`T-CA-02 Attestation-Based Client Authentication §12.1 – of 20 callers with one proof exactly one is let in, round ${round + 1}`, async () => {
      const attestation = attester.attest('attested', instance, NOW)
      await rush({}, { attestation, attestationPop: instance.prove(ISSUER, NOW) })
    })
  }
})
