import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { OAuthError } from '../../../src/oauth/errors.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import { forEachDialect } from '../../support/databases.ts'
import {
  codeRequest,
  createTokenWorld,
  grantedWith,
  refreshRequest,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const CROWD = 20

type Tokens = { access_token: string; refresh_token: string }

/**
 * Every caller's tokens; the others have to fail with invalid_grant and nothing else. Of a crowd that is larger than the pools
 * of connections some may be told to come again: what they may never be told is yes.
 */
const race = async (nodes: TokenWorld[], callers: number, parameters: Record<string, string>): Promise<Tokens[]> => {
  const realms = await Promise.all(nodes.map((node) => node.open()))
  const outcomes = await Promise.allSettled(
    Array.from({ length: callers }, async (_, index) => {
      const node = nodes[index % nodes.length]
      const realm = realms[index % nodes.length]
      assert.ok(node && realm)
      return (await node.exchange(realm, tokenRequest(parameters))).response as Tokens
    }),
  )
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected' && !(callers > CROWD && outcome.reason instanceof StoreUnavailable))
      assert.equal((outcome.reason as OAuthError).code, 'invalid_grant', outcome.reason)
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

forEachDialect((_dialect, open) => {
  const opened = open()
  let nodes: TokenWorld[] = []
  let world: TokenWorld

  before(async () => {
    const { database, test: made } = opened()
    world = await createTokenWorld(database)
    nodes = [world, await createTokenWorld(made.connect())]
    await world.addClient()
    await world.addUser()
  })

  const isGood = async (token: string): Promise<boolean> =>
    (await world.findAccessToken(await world.open(), token)) !== undefined

  const events = async (authorizationId: string): Promise<string[]> => {
    const page = await world.store.realm('main').audit.list({ limit: 500 })
    return page.items.filter((event) => event.detail.authorization_id === authorizationId).map((event) => event.type)
  }

  for (const callers of [20, 200]) {
    test(`T-AC-01 RFC 6749 §4.1.2 – of ${callers} callers with one code exactly one gets tokens, and the replays end them`, async () => {
      const granted = grantedWith()
      const request = codeRequest(await world.addCode(granted))
      const winners = await race(nodes, callers, request)
      assert.equal(winners.length, 1)
      assert.deepEqual(await race(nodes, 1, request), [])
      assert.equal(await isGood(winners[0]?.access_token ?? ''), false)
      assert.deepEqual(await race(nodes, 1, refreshRequest(winners[0]?.refresh_token ?? '')), [])
      assert.deepEqual(await events(granted.authorizationId), ['authorization_code.replayed'])
    })

    test(`T-RT-01 OAuth 2.1 §4.3.1 – of ${callers} callers with one refresh token one rotates and one repeats, and the reuse ends the family`, async () => {
      const granted = grantedWith()
      const [first] = await race(nodes, 1, codeRequest(await world.addCode(granted)))
      const winners = await race(nodes, callers, refreshRequest(first?.refresh_token ?? ''))
      assert.ok(winners.length === 1 || winners.length === 2, String(winners.length))
      assert.equal(new Set(winners.map((winner) => winner.refresh_token)).size, 1)
      assert.deepEqual(await race(nodes, 1, refreshRequest(first?.refresh_token ?? '')), [])
      for (const { access_token: token } of winners) assert.equal(await isGood(token), false)
      assert.deepEqual(await race(nodes, 1, refreshRequest(winners[0]?.refresh_token ?? '')), [])
      assert.deepEqual(await events(granted.authorizationId), ['refresh_token.reused'])
    })
  }

  test('T-RT-01 T-RT-04 – two callers with one refresh token get the same successor, and the family lives on', async () => {
    for (let round = 0; round < 10; round++) {
      const granted = grantedWith()
      const [first] = await race(nodes, 1, codeRequest(await world.addCode(granted)))
      const winners = await race(nodes, 2, refreshRequest(first?.refresh_token ?? ''))
      assert.equal(winners.length, 2)
      assert.equal(winners[0]?.refresh_token, winners[1]?.refresh_token)
      assert.equal((await race(nodes, 1, refreshRequest(winners[0]?.refresh_token ?? ''))).length, 1)
      assert.deepEqual(await events(granted.authorizationId), [])
    }
  })

  test('T-RT-02 OAuth 2.1 §4.3.1 – a node that has just started knows which tokens were replaced', async () => {
    const [first] = await race(nodes, 1, codeRequest(await world.addCode()))
    const [second] = await race(nodes, 1, refreshRequest(first?.refresh_token ?? ''))
    const started = await createTokenWorld(opened().test.connect())
    started.advance(10_001)
    assert.deepEqual(await race([started], 1, refreshRequest(first?.refresh_token ?? '')), [])
    assert.deepEqual(await race(nodes, 1, refreshRequest(second?.refresh_token ?? '')), [])
  })
})
