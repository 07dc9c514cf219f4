import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openDatabase } from '../../../src/storage/database.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { createRealmDirectory } from '../../../src/storage/realm_directory.ts'
import { createStore } from '../../../src/storage/store.ts'
import { silentLog } from '../../support/databases.ts'
import { aClient, createScene, NOW } from '../../support/storage_fixtures.ts'

/** Two nodes on one database, with one clock that the test moves. */
const createNodes = async (t: TestContext) => {
  const params = {
    backend: 'sqlite',
    connection_url: 'sqlite::memory:',
    max_connections: 1,
    min_connections: 0,
    connect_timeout_secs: 1,
    idle_timeout_secs: 1,
  } as const
  const database = openDatabase(params, silentLog)
  t.after(() => database.close())
  await migrate(database, 'primary', silentLog)
  const store = createStore(database)
  const scene = await createScene(store)
  let now = NOW
  const deps = { store, clock: { now: () => now }, issuer: 'https://issuer.example', defaultRealm: scene.realm.realmId }
  return {
    ...scene,
    database,
    here: createRealmDirectory(deps),
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('a realm that does not exist is not found, nor one that was deleted on another node', async (t) => {
  const { here, store, realm, pass } = await createNodes(t)
  assert.equal(await here.open('nowhere'), undefined)
  assert.notEqual(await here.open(realm.realmId), undefined)
  await store.realms.delete(realm.realmId)
  pass(1_000)
  assert.equal(await here.open(realm.realmId), undefined)
})

test('P-9 what another node changed is seen within a second', async (t) => {
  const { here, store, realm, client, pass } = await createNodes(t)
  const before = await here.open(realm.realmId)
  assert.equal((await before?.findClient(client.clientId))?.enabled, true)
  await store.transaction(async (transaction) => {
    await transaction.realm(realm.realmId).clients.update({ ...client, enabled: false })
    await transaction.realms.bumpVersion(realm.realmId)
  })
  assert.equal(await here.open(realm.realmId), before)
  pass(1_000)
  const after = await here.open(realm.realmId)
  assert.notEqual(after, before)
  assert.equal((await after?.findClient(client.clientId))?.enabled, false)
})

test('a realm that did not change stays the same object, so that what hangs on it is kept', async (t) => {
  const { here, realm, pass } = await createNodes(t)
  const before = await here.open(realm.realmId)
  pass(1_000)
  const opened = await Promise.all([here.open(realm.realmId), here.open(realm.realmId)])
  assert.deepEqual(opened, [before, before])
})

test('a client that was not there is looked for again', async (t) => {
  const { here, realm } = await createNodes(t)
  const opened = await here.open(realm.realmId)
  const client = aClient()
  assert.equal(await opened?.findClient(client.clientId), undefined)
  await realm.clients.insert(client)
  assert.equal((await opened?.findClient(client.clientId))?.clientId, client.clientId)
})

test('without the store a public document is still given, and nothing is decided', async (t) => {
  const { here, database, realm, pass } = await createNodes(t)
  await here.open(realm.realmId)
  await database.close()
  pass(1_000)
  await assert.rejects(here.open(realm.realmId))
  assert.equal((await here.openForReading(realm.realmId))?.id, realm.realmId)
  await assert.rejects(here.openForReading('another'))
})

test('RFC 8414 §2 – the default realm is the issuer itself, every other one lies below it', async (t) => {
  const { here, realm } = await createNodes(t)
  assert.equal(here.issuerOf(realm.realmId), 'https://issuer.example')
  assert.equal(here.issuerOf('other'), 'https://issuer.example/realms/other')
})

test('a store that does not answer delays no public document, and what it says later counts', async (t) => {
  const { store, realm } = await createNodes(t)
  let answer: (() => void) | undefined
  let now = NOW
  const findVersion = async (id: string): Promise<number | undefined> => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return await store.realms.findVersion(id)
  }
  const directory = createRealmDirectory({
    store: { ...store, realms: { ...store.realms, findVersion } },
    clock: { now: () => now },
    issuer: 'https://issuer.example',
    defaultRealm: 'main',
  })
  const before = await directory.open(realm.realmId)
  await store.transaction((transaction) => transaction.realms.bumpVersion(realm.realmId))
  now += 1_000
  // Nobody has answered yet: this would wait forever.
  assert.equal(await directory.openForReading(realm.realmId), before)
  answer?.()
  assert.notEqual(await directory.open(realm.realmId), before)
})
