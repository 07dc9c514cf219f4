/** RFC 9449 §11.1 – one proof is used once, however many ask at the same time, on every database and on two nodes. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { OAuthError } from '../../../src/oauth/errors.ts'
import { forEachDialect } from '../../support/databases.ts'
import { createProofKey } from '../../support/dpop.ts'
import { createTokenWorld, ISSUER, START, type TokenWorld, tokenRequest } from '../../support/tokens.ts'

forEachDialect((_dialect, open) => {
  const opened = open()
  let nodes: TokenWorld[] = []

  before(async () => {
    const { database, test: made } = opened()
    nodes = [await createTokenWorld(database), await createTokenWorld(made.connect())]
    await nodes[0]?.addClient({ grant_types: ['client_credentials'], response_types: [] })
  })

  for (let round = 0; round < 3; round++)
    test(`T-DP-02 RFC 9449 §11.1 – of 20 callers with one proof exactly one gets a token, round ${round + 1}`, async () => {
      const dpop = createProofKey().prove({ url: `${ISSUER}/token`, iat: START / 1000 })
      const request = tokenRequest({ grant_type: 'client_credentials' }, { dpop })
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, index) => {
          const node = nodes[index % nodes.length]
          assert.ok(node)
          return await node.exchange(await node.open(), request)
        }),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          assert.equal((outcome.reason as OAuthError).code, 'invalid_dpop_proof', outcome.reason)
    })

  test('RFC 9449 §9 – of 20 nodes that begin at once all keep the same secret for nonces', async () => {
    const [node] = nodes
    assert.ok(node)
    const { realmSecrets } = node.store.realm('other')
    const kept = await Promise.all(
      Array.from({ length: 20 }, (_, index) => realmSecrets.keep('dpop_nonce', `secret ${index}`, START)),
    )
    assert.equal(new Set(kept).size, 1)
  })
})
