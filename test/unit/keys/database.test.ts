import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { createDatabaseKeys } from '../../../src/keys/database.ts'
import { type SigningAlg, thumbprint, verifySignature } from '../../../src/oauth/signing_algs.ts'
import { createRealmDirectory } from '../../../src/storage/realm_directory.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { silentLog } from '../../support/databases.ts'
import { ISSUER, openTokenWorld, type TokenWorld } from '../../support/tokens.ts'

/** The same realm as another process sees it. */
const openOtherNode = async (world: TokenWorld) => {
  const { store, clock } = world
  const realms = createRealmDirectory({ store, clock, issuer: ISSUER, defaultRealm: 'main' })
  const realm = await realms.open('main')
  assert.ok(realm)
  return {
    realm,
    realms,
    keys: createDatabaseKeys({ config: world.config, store, clock, random: systemRandom, log: silentLog }),
  }
}

const insertKey = async (world: TokenWorld, alg: SigningAlg, privateKey: KeyObject) => {
  const privateJwk = { ...privateKey.export({ format: 'jwk' }) }
  const { d: _d, ...publicJwk } = privateJwk
  const kid = thumbprint(privateJwk)
  const key = { kid, alg, publicJwk, privateKey: JSON.stringify(privateJwk), createdAt: 1, dueAt: 1 }
  await world.store.realm('main').signingKeys.insertActive(key)
}

test('T-JW-20 RFC 8725 §3.1 – a stored key of another kind than its algorithm is not used', async (t) => {
  const world = await openTokenWorld(t)
  await insertKey(world, 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)
  await assert.rejects(async () => await world.keys.signer(await world.open(), 'ES256'), /has no signing key for ES256/)
})

test('T-IS-08 RFC 8725 §3.8 – a realm does not know the keys of another one', async (t) => {
  const world = await openTokenWorld(t)
  const signer = await world.keys.signer(await world.open('main'), 'ES256')
  assert.equal(await world.keys.publicKey(await world.open('other'), signer.kid), undefined)
})

test('T-JW-18 RFC 8725 §3.10 – a kid is only ever compared', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  await world.keys.publicKeys(realm)
  for (const kid of ['../../etc/passwd', "' OR 1=1 --", '__proto__', 'constructor', '\0', 'x'.repeat(65_536)]) {
    assert.equal(await world.keys.publicKey(realm, kid), undefined)
  }
})

test('T-JW-20 RFC 7517 §4.5 – every kid is one key with one algorithm, and its thumbprint', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA'] as const) {
    const signer = await world.keys.signer(realm, alg)
    assert.equal(signer.alg, alg)
    const key = await world.keys.publicKey(realm, signer.kid)
    assert.ok(key)
    assert.equal(key.alg, alg)
    assert.equal(verifySignature(alg, key.key, 'input', Buffer.from(await signer.sign('input'), 'base64url')), true)
    assert.equal(thumbprint(key.jwk), signer.kid)
  }
  const kids = (await world.keys.publicKeys(realm)).map((key) => key.kid)
  assert.equal(new Set(kids).size, 4)
})

test('RFC 7517 §9.2 – the public keys have kid, use and alg and no private member', async (t) => {
  const world = await openTokenWorld(t)
  const keys = await world.keys.publicKeys(await world.open())
  // OpenID Connect Core §15.1 – RS256 is there from the beginning.
  assert.deepEqual(keys.map((key) => key.alg).sort(), ['ES256', 'RS256'])
  for (const { jwk, kid, alg } of keys) {
    const expected = jwk.kty === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y']
    assert.deepEqual(Object.keys(jwk).sort(), [...expected, 'alg', 'kid', 'use'].sort())
    assert.deepEqual([jwk.use, jwk.kid, jwk.alg], ['sig', kid, alg])
  }
})

test('T-JW-20 – of twenty callers on two nodes one makes the key, and all use it', async (t) => {
  const world = await openTokenWorld(t)
  const other = await openOtherNode(world)
  const realm = await world.open()
  const signers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      index % 2 === 0 ? await world.keys.signer(realm, 'ES256') : await other.keys.signer(other.realm, 'ES256'),
    ),
  )
  assert.equal(new Set(signers.map((signer) => signer.kid)).size, 1)
  assert.equal((await world.store.realm('main').signingKeys.list()).length, 1)
  const page = await world.store.realm('main').audit.list({ limit: 10 })
  assert.deepEqual(
    page.items.map((event) => event.type),
    ['signing_key.created'],
  )
})

test('a key that another node made is known here at once, and a realm that was opened before sees it within a second', async (t) => {
  const world = await openTokenWorld(t)
  const other = await openOtherNode(world)
  await other.keys.publicKeys(other.realm)
  const signer = await world.keys.signer(await world.open(), 'EdDSA')
  world.advance(1_000)
  assert.equal((await other.keys.publicKey(other.realm, signer.kid))?.kid, signer.kid)
  const reopened = await other.realms.open('main')
  assert.ok(reopened)
  assert.notEqual(reopened, other.realm)
  assert.ok((await other.keys.publicKeys(reopened)).some((key) => key.kid === signer.kid))
})

test('names that nobody knows are looked up at most once a second', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  await world.keys.publicKeys(realm)
  let reads = 0
  const { list } = realm.store.signingKeys
  const counted = () => {
    reads += 1
    return list()
  }
  const counting = { ...realm.store, signingKeys: { ...realm.store.signingKeys, list: counted } }
  Object.assign(realm, { store: counting })
  world.advance(1_000)
  for (let round = 0; round < 50; round++) await world.keys.publicKey(realm, `unknown-${round}`)
  assert.equal(reads, 1)
})

test('a failed read is tried again', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  const store = realm.store
  const fail = async (): Promise<never> => Promise.reject(new Error('the database is away'))
  Object.assign(realm, { store: { ...store, signingKeys: { ...store.signingKeys, list: fail } } })
  await assert.rejects(async () => await world.keys.signer(realm, 'ES256'), /away/)
  Object.assign(realm, { store })
  assert.equal((await world.keys.signer(realm, 'ES256')).alg, 'ES256')
})

test('the keys stay the same over a change in the realm', async (t) => {
  const world = await openTokenWorld(t)
  const before = await world.keys.signer(await world.open(), 'ES256')
  await world.change(async () => undefined)
  const after = await world.keys.signer(await world.open(), 'ES256')
  assert.equal(after.kid, before.kid)
})
