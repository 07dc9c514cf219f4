import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDuplicateKey } from '../../../src/storage/database.ts'
import { createStore } from '../../../src/storage/store.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { forEachDialect } from '../../support/databases.ts'
import { createScene, HOUR, insertTotp, NOW } from '../../support/storage_fixtures.ts'

const STEP = 60_000_000

describe('one-time codes in the database', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const scene = async () => await createScene(createStore(opened().database))

    test('T-BF-05 RFC 6238 §5.2 – of many callers with the same code, and those before and after it, each step wins once', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      const steps = Array.from({ length: 50 }, (_, index) => STEP - 1 + (index % 3))
      const won = await Promise.all(
        steps.map(async (step) => ((await realm.totpCredentials.consumeStep(userId, step)) ? step : 0)),
      )
      const winners = won.filter((step) => step > 0).sort()
      assert.equal(new Set(winners).size, winners.length, 'no step twice')
      assert.equal(winners.at(-1), STEP + 1, 'the newest is among them')
      assert.equal((await realm.totpCredentials.find(userId))?.lastStep, STEP + 1)
    })

    test('T-BF-05 – a step before the last one is refused, and one of nobody', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      assert.equal(await realm.totpCredentials.consumeStep(userId, STEP), true)
      assert.equal(await realm.totpCredentials.consumeStep(userId, STEP), false)
      assert.equal(await realm.totpCredentials.consumeStep(userId, STEP - 1), false)
      assert.equal(await realm.totpCredentials.consumeStep(userId, STEP + 1), true)
      assert.equal(await realm.totpCredentials.consumeStep('nobody', STEP), false)
    })

    test('T-AD-02 – another realm finds, uses and removes nothing of this one', async () => {
      const { store, realm } = await scene()
      const userId = await insertTotp({ realm })
      await realm.recoveryCodes.replace(userId, [sha256('code')], NOW)
      const { realm: other } = await createScene(store)
      assert.equal(await other.totpCredentials.find(userId), undefined)
      assert.deepEqual([...(await other.totpCredentials.listUserIds([userId]))], [])
      assert.equal(await other.totpCredentials.consumeStep(userId, STEP), false)
      assert.equal(await other.totpCredentials.reseal(userId, `sealed ${userId}`, 'x'), false)
      assert.equal(await other.recoveryCodes.consume(userId, sha256('code'), NOW), false)
      assert.equal(await other.totpCredentials.delete(userId), false)
      assert.deepEqual([...(await realm.totpCredentials.listUserIds([userId, 'nobody']))], [userId])
    })

    test('T-SE-08 – a second secret is refused where there is one', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      const credential = await realm.totpCredentials.find(userId)
      assert.ok(credential)
      await assert.rejects(realm.totpCredentials.insert(credential), isDuplicateKey)
    })

    test('a secret is sealed anew only while it is still the same', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      assert.equal(await realm.totpCredentials.reseal(userId, 'another', 'x'), false)
      assert.equal(await realm.totpCredentials.reseal(userId, `sealed ${userId}`, 'sealed anew'), true)
      assert.equal((await realm.totpCredentials.find(userId))?.sealedSecret, 'sealed anew')
    })

    test('T-BF-15 – a recovery code is its owner’s alone, works once, and ends when there are new ones', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      const otherId = await insertTotp({ realm })
      const hashes = Array.from({ length: 10 }, () => sha256(systemRandom.secret()))
      const [first = '', second = ''] = hashes
      await realm.recoveryCodes.replace(userId, hashes, NOW)
      assert.equal(await realm.recoveryCodes.consume(otherId, first, NOW), false)
      assert.equal(await realm.recoveryCodes.consume(userId, sha256('never made'), NOW), false)
      assert.equal(await realm.recoveryCodes.consume(userId, first, NOW), true)
      assert.equal(await realm.recoveryCodes.consume(userId, first, NOW), false)
      assert.equal(await realm.recoveryCodes.countUnused(userId), 9)
      await realm.recoveryCodes.replace(userId, [sha256('new')], NOW)
      assert.equal(await realm.recoveryCodes.consume(userId, second, NOW), false)
      assert.equal(await realm.recoveryCodes.countUnused(userId), 1)
    })

    test('T-LC-01 – with the user goes the secret, and with the secret go the recovery codes', async () => {
      const { realm } = await scene()
      const userId = await insertTotp({ realm })
      await realm.recoveryCodes.replace(userId, [sha256('code')], NOW)
      assert.equal(await realm.totpCredentials.delete(userId), true)
      assert.equal(await realm.recoveryCodes.countUnused(userId), 0)
      const leavingId = await insertTotp({ realm })
      await realm.recoveryCodes.replace(leavingId, [sha256('code')], NOW)
      await realm.users.delete(leavingId)
      assert.equal(await realm.totpCredentials.find(leavingId), undefined)
      assert.equal(await realm.recoveryCodes.countUnused(leavingId), 0)
    })

    test('T-SE-05 – what was proved stays with its interaction while that lasts, and ends with the sign-in', async () => {
      const { realm, client } = await scene()
      const id = systemRandom.id()
      await realm.interactions.insert({
        id,
        clientId: client.clientId,
        browserHash: 'x',
        parameters: {},
        pushedRequestHash: undefined,
        createdAt: NOW,
        expiresAt: NOW + HOUR,
      })
      const firstFactor = async () => (await realm.interactions.find(id, NOW))?.firstFactor
      assert.equal(await firstFactor(), undefined)
      assert.equal(await realm.interactions.rememberFirstFactor(id, '{}', NOW + HOUR), false)
      assert.equal(await realm.interactions.rememberFirstFactor('nobody', '{}', NOW), false)
      assert.equal(await realm.interactions.rememberFirstFactor(id, '{"a":1}', NOW), true)
      assert.equal(await firstFactor(), '{"a":1}')
      await realm.interactions.markAuthenticated(id, NOW)
      assert.equal(await firstFactor(), undefined)
      await realm.interactions.rememberFirstFactor(id, '{}', NOW)
      await realm.interactions.rememberFirstFactor(id, undefined, NOW)
      assert.equal(await firstFactor(), undefined)
    })
  })
})
