/** Signing in with a password and changing it, over a real database. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Proof } from '../../../src/authentication/first_factor.ts'
import { createKnownDevices } from '../../../src/authentication/known_device.ts'
import { createLoginFlow } from '../../../src/authentication/login.ts'
import { createPasswordAuthentication, type PasswordAuthentication } from '../../../src/authentication/password.ts'
import { createPasswordHashing } from '../../../src/authentication/password_hashing.ts'
import type { AuthParams } from '../../../src/oauth/realm_settings.ts'
import type { RequestFacts } from '../../../src/storage/audit_events.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { createRealmDirectory, type Realm } from '../../../src/storage/realm_directory.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import type { User } from '../../../src/storage/users.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../support/databases.ts'
import { limitsOfOneNode } from '../../support/limits.ts'
import { aClient, aUser, insertFamily, NOW, settings } from '../../support/storage_fixtures.ts'

const PASSWORD = 'the right password'
const NEXT = 'quite another password'
const facts = { ip: '192.0.2.7', requestId: 'request' }

const params = { memory_kib: 64, iterations: 1, parallelism: 1, max_concurrent: 2, max_queue: 64 }

describe('authentication with a password', () => {
  let test_: TestDatabase
  let store: Store
  let now = NOW
  let verifications = 0
  let ended: unknown[] = []
  let passwords: PasswordAuthentication

  const clock = { now: () => now }
  const nearby = () => ({
    counting: limitsOfOneNode(clock).counting,
    knownDevices: createKnownDevices({ clock, random: systemRandom }),
  })
  const hashing = createPasswordHashing(params, silentLog)
  /** The real thing, and how often it was asked. */
  const counted: typeof hashing = {
    ...hashing,
    verify: (phc, password) => {
      verifications += 1
      return hashing.verify(phc, password)
    },
    verifyNobody: (password) => {
      verifications += 1
      return hashing.verifyNobody(password)
    },
  }

  const createRealm = async (auth_params: AuthParams): Promise<Realm> => {
    const id = systemRandom.id()
    await store.realms.insert({ id, settings: { ...settings, auth_params }, now })
    const realm = await createRealmDirectory({ store, clock, issuer: 'https://issuer.example', defaultRealm: id }).open(
      id,
    )
    assert.ok(realm)
    return realm
  }

  const createUser = async (realm: Realm, changes: Partial<User> = {}): Promise<User> => {
    const passwordHash = await hashing.hash(PASSWORD)
    const user = aUser({ realmId: realm.id, username: 'Alice', passwordHash, passwordChangedAt: now, ...changes })
    await realm.store.users.insert(user)
    return user
  }

  /** Through the state machine, which keeps the record. */
  const login = (realm: Realm, credentials: { username: string; password: string }, where: RequestFacts) => {
    const off = async (): Promise<Proof> => ({ isProved: false, user: undefined, reason: 'method_off' })
    const totp = { isRequired: async () => false, verify: async () => undefined }
    const methods = { up: passwords.prove, jwt: off, cc: off }
    const flow = createLoginFlow({ methods, totp, clock, random: systemRandom })
    return flow.login(realm, { scheme: 'up', ...credentials }, undefined, where)
  }

  const eventsOf = async (realm: Realm) => (await realm.store.audit.list({ limit: 100 })).items

  const usual = { username_password_params: { allow_expired_passwords: false } }

  before(async () => {
    test_ = await createTestDatabase('sqlite')
    const database = test_.connect()
    await migrate(database, 'primary', silentLog)
    store = createStore(database)
  })
  after(() => test_.drop())
  beforeEach(() => {
    now = NOW
    verifications = 0
    ended = []
    const sessions = { endByUser: async (...call: unknown[]) => ended.push(call) }
    passwords = createPasswordAuthentication({
      store,
      sessions,
      passwordHashing: counted,
      clock,
      random: systemRandom,
      log: silentLog,
      ...nearby(),
    })
  })

  test('T-BF-01 one hash is computed and one answer given, whatever is wrong', async () => {
    const realm = await createRealm(usual)
    await createUser(realm)
    await createUser(realm, { username: 'disabled', enabled: false })
    await createUser(realm, { username: 'federated', passwordHash: undefined })
    const wrong = [
      { username: 'Alice', password: 'a wrong password' },
      { username: 'nobody', password: PASSWORD },
      { username: 'disabled', password: PASSWORD },
      { username: 'federated', password: PASSWORD },
      { username: 'impossible\0name', password: PASSWORD },
    ]
    for (const credentials of wrong) {
      verifications = 0
      assert.deepEqual(await login(realm, credentials, facts), { outcome: 'failed' })
      assert.equal(verifications, 1, credentials.username)
    }
    const reasons = (await eventsOf(realm)).map((event) => event.detail.reason).sort()
    assert.deepEqual(reasons, ['disabled', 'no_password', 'unknown_user', 'unknown_user', 'wrong_password'])
  })

  test('T-LG-02 a name that nobody has is not kept: it may be a password', async () => {
    const realm = await createRealm(usual)
    await login(realm, { username: 'hunter2 typed too early', password: 'x' }, facts)
    const [event] = await eventsOf(realm)
    assert.equal(event?.type, 'auth_failure')
    assert.doesNotMatch(JSON.stringify(event), /hunter2/)
  })

  test('T-BF-08 a password that is too long is refused without a hash, for everybody alike', async () => {
    const realm = await createRealm(usual)
    await createUser(realm)
    for (const username of ['Alice', 'nobody'])
      assert.deepEqual(await login(realm, { username, password: 'x'.repeat(1_025) }, facts), {
        outcome: 'failed',
      })
    assert.equal(verifications, 0)
  })

  test('T-BF-03 T-BF-07 200 wrong passwords at the same time are ten verifications', async () => {
    const realm = await createRealm(usual)
    await createUser(realm)
    const guesses = Array.from({ length: 200 }, (_, index) =>
      login(realm, { username: 'alice', password: `wrong password ${index}` }, facts),
    )
    const results = await Promise.allSettled(guesses)
    assert.equal(verifications, 10)
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 10)
    await assert.rejects(login(realm, { username: 'ALICE', password: PASSWORD }, facts), {
      code: 'too_many_requests',
    })
  })

  test('a method that is off lets nobody in', async () => {
    const realm = await createRealm({})
    await createUser(realm)
    assert.deepEqual(await login(realm, { username: 'Alice', password: PASSWORD }, facts), {
      outcome: 'failed',
    })
  })

  test('T-IS-08 a user of one realm is nobody in another', async () => {
    await createUser(await createRealm(usual))
    const other = await createRealm(usual)
    assert.deepEqual(await login(other, { username: 'Alice', password: PASSWORD }, facts), {
      outcome: 'failed',
    })
  })

  test('the right password lets in, however the name is spelled, and is recorded', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    const result = await login(realm, { username: 'ＡLICE', password: PASSWORD }, facts)
    assert.deepEqual(result, { outcome: 'authenticated', user, authScheme: 'up', amr: ['pwd'], restricted: false })
    const [event] = await eventsOf(realm)
    assert.deepEqual(
      { type: event?.type, outcome: event?.outcome, principal: event?.principal, target: event?.target, ip: event?.ip },
      { type: 'auth_success', outcome: 'success', principal: 'Alice', target: user.id, ip: facts.ip },
    )
  })

  test('a password that has to be changed lets nobody in; the realm says whether it may be changed', async () => {
    for (const mayChange of [false, true]) {
      const realm = await createRealm({ username_password_params: { allow_expired_passwords: mayChange } })
      const user = await createUser(realm, { changePassword: true })
      assert.deepEqual(
        await login(realm, { username: 'Alice', password: PASSWORD }, facts),
        mayChange
          ? { outcome: 'authenticated', user, authScheme: 'up', amr: ['pwd'], restricted: true }
          : { outcome: 'password_expired' },
      )
      assert.deepEqual(await login(realm, { username: 'Alice', password: 'a wrong one' }, facts), {
        outcome: 'failed',
      })
    }
  })

  test('a password is expired from the second on at which it reaches the maximum age', async () => {
    const realm = await createRealm({
      username_password_params: { allow_expired_passwords: false, max_password_age_seconds: 60 },
    })
    await createUser(realm)
    const outcome = async (): Promise<string> =>
      (await login(realm, { username: 'Alice', password: PASSWORD }, facts)).outcome
    now = NOW + 59_999
    assert.equal(await outcome(), 'authenticated')
    now = NOW + 60_000
    assert.equal(await outcome(), 'password_expired')
  })

  test('a hash of another cost is made anew at the login, and only there', async () => {
    const realm = await createRealm(usual)
    const costlier = createPasswordHashing({ ...params, iterations: 2 }, silentLog)
    const user = await createUser(realm, { passwordHash: await costlier.hash(PASSWORD) })
    await login(realm, { username: 'Alice', password: 'a wrong password' }, facts)
    assert.deepEqual(await realm.store.users.find(user.id), user)
    await login(realm, { username: 'Alice', password: PASSWORD }, facts)
    const kept = await realm.store.users.find(user.id)
    assert.match(kept?.passwordHash ?? '', /m=64,t=1,p=1/)
    assert.deepEqual({ ...kept, passwordHash: user.passwordHash }, user)
    assert.equal((await login(realm, { username: 'Alice', password: PASSWORD }, facts)).outcome, 'authenticated')
  })

  test('OWASP ASVS 6.2.3 a password is changed only by who knows the current one', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    const change = await passwords.changePassword(realm, user, { current: 'a wrong one', next: NEXT }, facts)
    assert.deepEqual(change, { outcome: 'wrong_password' })
    assert.deepEqual(await realm.store.users.find(user.id), user)
    assert.deepEqual(ended, [])
  })

  test('T-BF-03 guesses at the current password are limited like those at the login', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    for (let count = 0; count < 10; count += 1)
      await passwords.changePassword(realm, user, { current: `wrong ${count}`, next: NEXT }, facts)
    await assert.rejects(passwords.changePassword(realm, user, { current: PASSWORD, next: NEXT }, facts), {
      code: 'too_many_requests',
    })
    assert.equal(verifications, 10)
  })

  test('a new password that is no good is refused for what is wrong with it', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    const problemOf = async (next: string) =>
      await passwords.changePassword(realm, user, { current: PASSWORD, next }, facts)
    assert.deepEqual(await problemOf('short'), { outcome: 'refused', problem: 'too_short' })
    assert.deepEqual(await problemOf('Password1'), { outcome: 'refused', problem: 'common' })
    assert.deepEqual(await problemOf(PASSWORD), { outcome: 'refused', problem: 'same' })
    assert.deepEqual(await realm.store.users.find(user.id), user)
  })

  test('T-RT-08 a changed password ends other sessions and everything that clients hold', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm, { changePassword: true })
    const client = aClient({ realmId: realm.id })
    await realm.store.clients.insert(client)
    const family = await insertFamily({ store, realm: realm.store, client, user })
    now += 1_000
    const change = await passwords.changePassword(
      realm,
      user,
      { current: PASSWORD, next: NEXT },
      { ...facts, exceptSessionId: 'mine' },
    )
    assert.equal(change.outcome, 'changed')
    const others = [realm.id, user.id, { except: 'mine' }]
    assert.deepEqual(ended, [others, others])
    assert.equal((await realm.store.refreshFamilies.find(family.id))?.revokeReason, 'password_changed')
    const kept = await realm.store.users.find(user.id)
    assert.equal(kept?.changePassword, false)
    assert.equal(kept?.passwordChangedAt, now)
    assert.equal((await eventsOf(realm))[0]?.type, 'user.password_changed')
    const outcome = async (password: string): Promise<string> =>
      (await login(realm, { username: 'Alice', password }, facts)).outcome
    assert.equal(await outcome(PASSWORD), 'failed')
    assert.equal(await outcome(NEXT), 'authenticated')
  })

  test('F-6 nothing is changed while the session store cannot end what began with the old password', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    const unreachable = createPasswordAuthentication({
      store,
      sessions: { endByUser: () => Promise.reject(new StoreUnavailable('away')) },
      passwordHashing: counted,
      clock,
      random: systemRandom,
      log: silentLog,
      ...nearby(),
    })
    await assert.rejects(
      unreachable.changePassword(realm, user, { current: PASSWORD, next: NEXT }, facts),
      StoreUnavailable,
    )
    assert.deepEqual(await realm.store.users.find(user.id), user)
  })

  test('of two changes of one password at the same time one is refused', async () => {
    const realm = await createRealm(usual)
    const user = await createUser(realm)
    const results = await Promise.allSettled(
      [NEXT, `${NEXT} too`].map((next) => passwords.changePassword(realm, user, { current: PASSWORD, next }, facts)),
    )
    const changed = results.filter((result) => result.status === 'fulfilled' && result.value.outcome === 'changed')
    assert.equal(changed.length, 1)
  })
})
