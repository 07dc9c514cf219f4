/** The life of a signing key, told by a clock that moves: when it is shown, when it signs, and until when its signatures count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDatabaseKeys } from '../../../src/keys/database.ts'
import type { SigningAlg } from '../../../src/oauth/signing_algs.ts'
import { createRealmDirectory } from '../../../src/storage/realm_directory.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { forEachDialect, silentLog } from '../../support/databases.ts'
import { createScene } from '../../support/storage_fixtures.ts'
import { createManualClock } from '../sessions/samples.ts'

const DAY = 86_400_000
const ROTATION_DAYS = 90
const KEY = Buffer.alloc(32, 1).toString('base64url')
const OTHER_KEY = Buffer.alloc(32, 2).toString('base64url')

type Secrets = { encryption_key?: string; previous_encryption_key?: string }

const configWith = (secrets_params: Secrets, prepublish_secs = DAY / 1000) => ({
  signing_keys_params: {
    provider: 'database' as const,
    rotation_interval_secs: (ROTATION_DAYS * DAY) / 1000,
    prepublish_secs,
  },
  oauth_params: { access_token_ttl_secs: 900, id_token_ttl_secs: 300 } as never,
  secrets_params,
})

forEachDialect((_dialect, open) => {
  const opened = open()
  const withWorld = (name: string, work: (world: ReturnType<typeof worldOf>) => Promise<void>): void => {
    test(name, async () => {
      const { store, realm } = await createScene(createStore(opened().database))
      try {
        await work(worldOf(store, realm.realmId))
      } finally {
        await store.realms.delete(realm.realmId)
      }
    })
  }

  const worldOf = (store: Store, realmId: string) => {
    const clock = createManualClock(Date.UTC(2030, 0, 1))
    const errors: unknown[] = []
    const log = { ...silentLog, error: (entry: unknown) => void errors.push(entry) } as typeof silentLog
    /** A server over the same database: what it caches is its own. */
    const node = (secrets: Secrets = { encryption_key: KEY }, prepublishSecs?: number) => {
      const realms = createRealmDirectory({ store, clock, issuer: 'https://as.example', defaultRealm: realmId })
      const keys = createDatabaseKeys({
        config: configWith(secrets, prepublishSecs),
        store,
        clock,
        random: systemRandom,
        log,
      })
      const open = async () => {
        const realm = await realms.open(realmId)
        assert.ok(realm)
        return realm
      }
      return {
        life: keys.life,
        sign: async (alg: SigningAlg = 'ES256') => (await keys.signer(await open(), alg)).kid,
        shown: async () =>
          (await keys.publicKeys(await open())).filter(({ alg }) => alg === 'ES256').map(({ kid }) => kid),
        knows: async (kid: string) => (await keys.publicKey(await open(), kid)) !== undefined,
      }
    }
    const states = async () =>
      (await store.realm(realmId).signingKeys.list()).filter(({ alg }) => alg === 'ES256').map(({ state }) => state)
    return { store, realmId, clock, errors, node, states }
  }

  const settle = async (life: { advance(limit: number): Promise<number> }): Promise<void> => {
    while ((await life.advance(10)) > 0);
  }

  withWorld(
    'by schedule: shown a day before it signs, and until the last token of its predecessor is over',
    async ({ clock, node, states }) => {
      const one = node()
      const first = await one.sign()
      await settle(one.life)
      clock.advance((ROTATION_DAYS - 1) * DAY - 1)
      await settle(one.life)
      assert.deepEqual(await states(), ['active'])

      clock.advance(1)
      await settle(one.life)
      assert.deepEqual(await states(), ['active', 'prepublished'])
      assert.equal(await one.sign(), first)
      assert.equal((await one.shown()).length, 2)

      clock.advance(DAY)
      await settle(one.life)
      assert.deepEqual(await states(), ['grace', 'active'])
      const second = await one.sign()
      assert.notEqual(second, first)
      assert.deepEqual((await one.shown()).sort(), [first, second].sort())

      clock.advance(DAY + 3_600_000)
      await settle(one.life)
      assert.deepEqual(await states(), ['retired', 'active'])
      assert.deepEqual(await one.shown(), [second])
      assert.equal(await one.knows(first), true, 'a hint that it signed is still one')

      clock.advance(30 * DAY)
      await settle(one.life)
      assert.deepEqual(await states(), ['active'])
    },
  )

  withWorld(
    'a client that keeps the key set for an hour never meets a key that it does not know',
    async ({ clock, node, states }) => {
      const one = node()
      await one.sign()
      // The quiet time before a change is the same every day.
      clock.advance((ROTATION_DAYS - 2) * DAY)
      let copy = await one.shown()
      let fetchedAt = clock.now()
      for (let halfHour = 0; halfHour < 48 * 5; halfHour++) {
        clock.advance(30 * 60_000)
        await one.life.advance(10)
        if (clock.now() - fetchedAt >= 3_600_000) {
          copy = await one.shown()
          fetchedAt = clock.now()
        }
        const kid = await one.sign()
        assert.ok(copy.includes(kid), `half hour ${halfHour}`)
      }
      assert.deepEqual((await states()).sort(), ['active', 'retired'])
    },
  )

  withWorld(
    'F-15 – of twenty rotations at once, on two nodes, one makes one key',
    async ({ store, realmId, node, states }) => {
      const [one, other] = [node(), node()]
      await one.sign()
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).life.rotate(realmId, 'ES256', {})),
      )
      assert.deepEqual((await states()).sort(), ['active', 'prepublished'])
      const { items } = await store.realm(realmId).audit.list({ limit: 100 })
      const created = items.filter(({ type, detail }) => type === 'signing_key.created' && detail.alg === 'ES256')
      assert.equal(created.length, 2)
    },
  )

  withWorld(
    'F-15 – twenty nodes that work off one date at once leave one active key',
    async ({ clock, node, states }) => {
      const one = node()
      await one.sign()
      clock.advance(ROTATION_DAYS * DAY)
      await settle(one.life)
      clock.advance(2 * DAY)
      await Promise.all(Array.from({ length: 20 }, () => node().life.advance(10)))
      assert.deepEqual((await states()).sort(), ['active', 'grace'])
    },
  )

  withWorld('without prepublication a rotation signs at once', async ({ realmId, node, states }) => {
    const one = node({ encryption_key: KEY }, 0)
    const first = await one.sign()
    await one.life.rotate(realmId, 'ES256', {})
    assert.deepEqual((await states()).sort(), ['active', 'grace'])
    assert.notEqual(await node().sign(), first)
  })

  withWorld(
    'a revoked key is not shown, signs nothing, and vouches for nothing; another one signs at once',
    async ({ realmId, clock, node, states }) => {
      const [one, other] = [node(), node()]
      const first = await one.sign()
      assert.equal(await other.knows(first), true)
      assert.equal(await one.life.revoke(realmId, first, {}), true)
      assert.equal(await one.life.revoke(realmId, 'nothing', {}), false)
      clock.advance(600)
      for (const each of [one, other]) {
        assert.equal(await each.knows(first), false)
        assert.notEqual(await each.sign(), first)
        assert.equal((await each.shown()).includes(first), false)
      }
      assert.deepEqual((await states()).sort(), ['active', 'revoked'])
    },
  )

  withWorld(
    'T-OP-02 F-40 – private keys are sealed; a change of keys keeps them, and what was plain before is sealed',
    async ({ store, realmId, node }) => {
      const kept = async () =>
        (await store.realm(realmId).signingKeys.list()).find(({ alg }) => alg === 'ES256')?.privateKey ?? ''
      const kid = await node({}).sign()
      assert.match(await kept(), /^\{/)
      assert.equal(await node({ encryption_key: KEY }).sign(), kid)
      const sealed = await kept()
      assert.doesNotMatch(sealed, /^\{|"d"/)
      const rotated = { encryption_key: OTHER_KEY, previous_encryption_key: KEY }
      assert.equal(await node(rotated).sign(), kid)
      assert.notEqual(await kept(), sealed)
      assert.equal(await node({ encryption_key: OTHER_KEY }).sign(), kid)
      await assert.rejects(node({ encryption_key: KEY }).sign(), /has no signing key/)
    },
  )

  withWorld(
    'F-33 – a key that is broken is named, is never replaced by another in silence, and leaves the others alone',
    async ({ store, realmId, errors, node }) => {
      const kid = await node().sign()
      await node().sign('RS256')
      const { signingKeys } = store.realm(realmId)
      const before = (await signingKeys.list()).find((key) => key.kid === kid)?.privateKey ?? ''
      await signingKeys.reseal(kid, { before, after: `${before.slice(0, -4)}AAAA` })
      const one = node()
      await assert.rejects(one.sign(), /has no signing key for ES256/)
      assert.ok(errors.some((entry) => (entry as { kid?: string }).kid === kid))
      assert.ok(await one.sign('RS256'))
      assert.ok((await one.shown()).includes(kid), 'what it signed before is still verified')
    },
  )
})
