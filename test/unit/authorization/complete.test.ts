import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Awaiting, createComplete } from '../../../src/authorization/complete.ts'
import type { SignedIn } from '../../../src/authorization/signed_in.ts'
import type { AuthorizationRequest } from '../../../src/oauth/authorization_request.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { sampleSession } from '../../contract/sessions/samples.ts'
import { requestWith } from '../../support/authorization.ts'
import { forEachDialect } from '../../support/databases.ts'
import { createTokenWorld, START, type TokenWorld } from '../../support/tokens.ts'

const CALLERS = 20
const facts = { ip: '192.0.2.1', requestId: 'request-1' }

const isConflict = (error: unknown): boolean => error instanceof OAuthError && error.code === 'conflict'

forEachDialect((_dialect, open) => {
  const opened = open()
  let world: TokenWorld
  let request: AuthorizationRequest
  let signedIn: SignedIn

  before(async () => {
    world = await createTokenWorld(opened().database)
    const client = await world.addClient()
    const user = await world.addUser()
    request = requestWith({ client })
    signedIn = { user, session: sampleSession({ userId: user.id, realmId: 'main', kind: 'sso' }) }
  })

  const complete = () => createComplete(world)

  const addInteraction = async (pushedRequestHash?: string): Promise<Awaiting> => {
    const interactionId = systemRandom.secret()
    const { interactions } = world.store.realm('main')
    const times = { createdAt: START, expiresAt: START + 600_000 }
    await interactions.insert({
      id: interactionId,
      clientId: 'app',
      browserHash: 'browser',
      parameters: {},
      pushedRequestHash,
      ...times,
    })
    return { interactionId, pushedRequestHash }
  }

  const addPushed = async (): Promise<Awaiting & { pushedRequestHash: string }> => {
    const pushedRequestHash = systemRandom.secret()
    const { pushedRequests } = world.store.realm('main')
    const times = { createdAt: START, expiresAt: START + 60_000 }
    await pushedRequests.insert({ referenceHash: pushedRequestHash, clientId: 'app', parameters: {}, ...times })
    return { interactionId: undefined, pushedRequestHash }
  }

  const countCodes = async (): Promise<number> =>
    (await opened().database.db.selectFrom('authorization_codes').select('code_hash').execute()).length

  /** Whether it gave a code; refusals have to be conflicts. */
  const grant = async (awaiting: Awaiting): Promise<boolean> => {
    try {
      return 'code' in (await complete().grant(await world.open(), request, signedIn, { awaiting }))
    } catch (error) {
      assert.ok(isConflict(error), String(error))
      return false
    }
  }

  describe('RFC 6749 §4.1.2 – a request is answered once', () => {
    for (const [what, add] of [
      ['T-CS-06 that a person decides about', () => addInteraction()],
      ['T-PA-02 RFC 9126 §4 that was pushed', addPushed],
    ] as const) {
      test(`${what}, and a second answer gives no code`, async () => {
        const awaiting = await add()
        const before_ = await countCodes()
        assert.equal(await grant(awaiting), true)
        assert.equal(await grant(awaiting), false)
        assert.equal(await countCodes(), before_ + 1)
      })

      test(`${what}, by one of ${CALLERS} that answer at once`, async () => {
        const awaiting = await add()
        const before_ = await countCodes()
        const given = await Promise.all(Array.from({ length: CALLERS }, () => grant(awaiting)))
        assert.equal(given.filter(Boolean).length, 1)
        assert.equal(await countCodes(), before_ + 1)
      })

      test(`${what}, and not by a code after a refusal or an error`, async () => {
        const realm = await world.open()
        const denied = await add()
        const consent = { decision: 'deny', facts } as const
        await complete().deny(realm, request, signedIn, { awaiting: denied, consent })
        assert.equal(await grant(denied), false)
        await assert.rejects(complete().deny(realm, request, signedIn, { awaiting: denied, consent }), isConflict)
        const closed = await add()
        await complete().close(realm, closed)
        assert.equal(await grant(closed), false)
        await assert.rejects(complete().close(realm, closed), isConflict)
      })
    }

    test('T-PA-02 RFC 9126 §4 – of two visits of one pushed request, each with a page of its own', async () => {
      const { pushedRequestHash } = await addPushed()
      const [first, second] = [await addInteraction(pushedRequestHash), await addInteraction(pushedRequestHash)]
      assert.equal(await grant(first), true)
      assert.equal(await grant(second), false)
      // Rolled back as a whole: nothing of the loser stays.
      const { interactions } = world.store.realm('main')
      assert.equal((await interactions.find(second.interactionId ?? '', START))?.completedAt, undefined)
    })

    test('RFC 9126 §2.2 – in time for a person who began before the pushed request expired', async () => {
      const awaiting = await addPushed()
      world.advance(300_000)
      assert.equal(await grant(awaiting), true)
      world.advance(-300_000)
    })
  })
})
