/** One-time codes from the setting up to the switching off, over a real database. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createTotp, type Totp } from '../../../src/authentication/totp.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import type { AuthParams } from '../../../src/oauth/realm_settings.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { createRealmDirectory, type Realm } from '../../../src/storage/realm_directory.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'
import type { User } from '../../../src/storage/users.ts'
import { createLog } from '../../../src/system/log.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../support/databases.ts'
import { limitsOfOneNode } from '../../support/limits.ts'
import { aUser, NOW, settings } from '../../support/storage_fixtures.ts'
import { type App, createApp, wrongCode } from '../../support/totp.ts'

const KEY = Buffer.alloc(32, 1).toString('base64url')
const NEXT_KEY = Buffer.alloc(32, 2).toString('base64url')
const STEP_MS = 30_000
const facts = { ip: '192.0.2.7', requestId: 'request' }
const on: AuthParams = { totp_params: { algorithm: 'SHA1', step: 30 } }

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof OAuthError)
  assert.equal(error.code, code)
  return true
}

describe('one-time codes of a user', () => {
  let test_: TestDatabase
  let store: Store
  let now = NOW
  let logs: string[] = []
  let totp: Totp

  const clock = { now: () => now }

  const createWith = (secrets_params: { encryption_key?: string; previous_encryption_key?: string }): Totp => {
    const log = createLog({ level: 'info', pretty: false }, { write: (line: string) => void logs.push(line) })
    return createTotp({
      config: { secrets_params },
      store,
      clock,
      random: systemRandom,
      log,
      ...limitsOfOneNode(clock),
    })
  }

  const openRealm = async (id: string, defaultRealm = id): Promise<Realm> => {
    const realm = await createRealmDirectory({ store, clock, issuer: 'https://sso.example:8443', defaultRealm }).open(
      id,
    )
    assert.ok(realm)
    return realm
  }

  const createRealm = async (auth_params: AuthParams = on): Promise<Realm> => {
    const id = systemRandom.id()
    await store.realms.insert({ id, settings: { ...settings, auth_params }, now })
    return await openRealm(id)
  }

  const createUser = async (realm: Realm): Promise<User> => {
    const user = aUser({ realmId: realm.id })
    await realm.store.users.insert(user)
    return user
  }

  /** A user whose app is set up; the time is then one step later, so that the app shows another code. */
  const enrol = async (auth_params: AuthParams = on) => {
    const realm = await createRealm(auth_params)
    const user = await createUser(realm)
    const { algorithm, step } = auth_params.totp_params ?? { algorithm: 'SHA1', step: 30 }
    const app = createApp(totp.generate(realm, user).secretBase32, algorithm, step)
    const enabled = await totp.enable(realm, user, { secret: app.secret, token: app.code(now) }, facts)
    assert.ok(enabled)
    now += step * 1000
    return { realm, user, app, recoveryCodes: enabled.recoveryCodes }
  }

  const verify = ({ realm, user }: { realm: Realm; user: User }, code: string) => totp.verify(realm, user, code, facts)

  const eventsOf = async (realm: Realm) =>
    (await realm.store.audit.list({ limit: 100 })).items.map(({ type, outcome, detail }) => [type, outcome, detail])

  before(async () => {
    test_ = await createTestDatabase('sqlite')
    const database = test_.connect()
    await migrate(database, 'primary', silentLog)
    store = createStore(database)
  })
  after(() => test_.drop())
  beforeEach(() => {
    now = NOW
    logs = []
    totp = createWith({ encryption_key: KEY })
  })

  test('T-SE-08 a code that is wrong, old, of another user or none at all does not pass', async () => {
    const alice = await enrol()
    const bob = await enrol()
    const codes = [
      wrongCode(alice.app, now),
      alice.app.code(now, -2),
      alice.app.code(now, 2),
      bob.app.code(now),
      '',
      'x',
    ]
    for (const code of codes) assert.equal(await verify(alice, code), undefined, code)
    assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
  })

  test('T-BF-05 RFC 6238 §5.2 – the same code at the same time passes once', async () => {
    const alice = await enrol()
    const code = alice.app.code(now)
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => verify(alice, code)))
    const passed = answers.filter((answer) => answer.status === 'fulfilled' && answer.value !== undefined)
    assert.equal(passed.length, 1)
  })

  test('T-BF-05 RFC 6238 §5.2 – a code passes once while it is shown and within one step either side', async () => {
    const alice = await enrol()
    const code = alice.app.code(now)
    assert.deepEqual(await verify(alice, code), ['otp'])
    for (const offset of [0, 1]) {
      now += offset * STEP_MS
      assert.equal(await verify(alice, code), undefined)
    }
    assert.deepEqual(await verify(alice, alice.app.code(now, 1)), ['otp'], 'a clock that is fast')
    assert.equal(await verify(alice, alice.app.code(now)), undefined, 'the code before the last one')
  })

  test('T-BF-05 the code that showed that the app is right signs nobody in', async () => {
    const { realm, user, app } = await enrol()
    now -= STEP_MS
    assert.equal(await verify({ realm, user }, app.code(now)), undefined)
  })

  test('T-BF-04 after ten wrong codes the right one is refused too, with the time to wait', async () => {
    const alice = await enrol()
    for (let guess = 0; guess < 10; guess++) await verify(alice, wrongCode(alice.app, now))
    await assert.rejects(verify(alice, alice.app.code(now)), (error) => {
      assert.ok(error instanceof OAuthError && (error.retryAfterSeconds ?? 0) > 0)
      return hasCode('too_many_requests')(error)
    })
    const bob = await enrol()
    assert.deepEqual(await verify(bob, bob.app.code(now)), ['otp'], 'others are not concerned')
  })

  test('T-BF-04 T-BF-06 guesses at the app leave the recovery codes, which are limited apart', async () => {
    const alice = await enrol()
    for (let guess = 0; guess < 10; guess++) await verify(alice, wrongCode(alice.app, now))
    assert.deepEqual(await verify(alice, alice.recoveryCodes[0] ?? ''), ['otp'])
    for (let guess = 0; guess < 10; guess++) await verify(alice, 'no recovery code')
    await assert.rejects(verify(alice, alice.recoveryCodes[1] ?? ''), hasCode('too_many_requests'))
  })

  test('T-BF-15 each of the ten recovery codes passes once, however it is typed, at the same time too', async () => {
    const alice = await enrol()
    assert.equal(alice.recoveryCodes.length, 10)
    const [first = '', second = '', third = ''] = alice.recoveryCodes
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => verify(alice, first)))
    assert.equal(answers.filter((answer) => answer.status === 'fulfilled' && answer.value !== undefined).length, 1)
    totp = createWith({ encryption_key: KEY })
    assert.equal(await verify(alice, first), undefined)
    assert.deepEqual(await verify(alice, second.toLowerCase().replaceAll('-', '')), ['otp'])
    assert.deepEqual(await verify(alice, ` ${third.replaceAll('-', ' ')} `), ['otp'])
    const used = (await eventsOf(alice.realm)).filter(([type]) => type === 'user.recovery_code_used')
    // All at one time, so in any order.
    assert.deepEqual(
      new Set(used.map(([, , detail]) => JSON.stringify(detail))),
      new Set(['{"remaining":7}', '{"remaining":8}', '{"remaining":9}']),
    )
  })

  test('T-BF-15 neither the secret nor a recovery code is in the database as it is', async () => {
    const { realm, user, app, recoveryCodes } = await enrol()
    const { sealedSecret } = (await realm.store.totpCredentials.find(user.id)) ?? assert.fail()
    assert.ok(!sealedSecret.includes(app.secret))
    const rows = await test_
      .connect()
      .db.selectFrom('recovery_codes')
      .selectAll()
      .where('user_id', '=', user.id)
      .execute()
    assert.equal(rows.length, 10)
    for (const code of recoveryCodes) assert.ok(!JSON.stringify(rows).includes(code.replaceAll('-', '')))
  })

  test('T-BF-15 new recovery codes end the old ones', async () => {
    const alice = await enrol()
    const codes = await totp.replaceRecoveryCodes(alice.realm, alice.user, facts)
    assert.equal(await verify(alice, alice.recoveryCodes[0] ?? ''), undefined)
    assert.deepEqual(await verify(alice, codes[9] ?? ''), ['otp'])
  })

  test('a secret that no key of the configuration opens refuses every code, says so, and is not skipped', async () => {
    const alice = await enrol()
    totp = createWith({ encryption_key: NEXT_KEY })
    assert.equal(await totp.isRequired(alice.realm, alice.user), true)
    assert.equal(await verify(alice, alice.app.code(now)), undefined)
    const line = logs.map((each) => JSON.parse(each)).find((each) => each.level === 'error' || each.level === 50)
    assert.match(line?.msg ?? '', /cannot be opened.*secrets_params/)
    assert.equal(line?.user_id, alice.user.id)
    totp = createWith({})
    assert.equal(await totp.isRequired(alice.realm, alice.user), true)
    assert.equal(await verify(alice, alice.app.code(now)), undefined)
    assert.deepEqual(await verify(alice, alice.recoveryCodes[0] ?? ''), ['otp'], 'the last resort still works')
  })

  test('a secret moved to another user or realm by who can write the database opens for nobody', async () => {
    const alice = await enrol()
    const mallory = await enrol()
    const { sealedSecret } = (await mallory.realm.store.totpCredentials.find(mallory.user.id)) ?? assert.fail()
    const before = (await alice.realm.store.totpCredentials.find(alice.user.id)) ?? assert.fail()
    await alice.realm.store.totpCredentials.reseal(alice.user.id, before.sealedSecret, sealedSecret)
    assert.equal(await verify(alice, mallory.app.code(now)), undefined)
  })

  test('a secret under the previous key is sealed with the current one when its next code is right', async () => {
    const alice = await enrol()
    const sealed = async () => (await alice.realm.store.totpCredentials.find(alice.user.id))?.sealedSecret
    const before = await sealed()
    totp = createWith({ encryption_key: NEXT_KEY, previous_encryption_key: KEY })
    assert.equal(await verify(alice, wrongCode(alice.app, now)), undefined)
    assert.equal(await sealed(), before, 'a wrong code changes nothing')
    assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
    assert.notEqual(await sealed(), before)
    totp = createWith({ encryption_key: NEXT_KEY })
    now += STEP_MS
    assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
  })

  test('nobody enrols in a realm without totp_params, nor without a key to keep the secret', async () => {
    const off = await createRealm({})
    const user = await createUser(off)
    const proposal = { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', token: '000000' }
    assert.throws(() => totp.generate(off, user), hasCode('conflict'))
    await assert.rejects(totp.enable(off, user, proposal, facts), hasCode('conflict'))
    totp = createWith({})
    const realm = await createRealm()
    assert.throws(
      () => totp.generate(realm, user),
      (error) => {
        assert.match(String(error), /secrets_params\.encryption_key/)
        return hasCode('conflict')(error)
      },
    )
    await assert.rejects(totp.enable(realm, user, proposal, facts), hasCode('conflict'))
    assert.equal(await totp.isRequired(realm, user), false)
  })

  test('a wrong token and a weak secret enable nothing', async () => {
    const realm = await createRealm()
    const user = await createUser(realm)
    const app = createApp(totp.generate(realm, user).secretBase32)
    assert.equal(await totp.enable(realm, user, { secret: app.secret, token: wrongCode(app, now) }, facts), undefined)
    const weak = createApp('GEZDGNBVGY3TQOJQ')
    const proposal = { secret: weak.secret, token: weak.code(now) }
    await assert.rejects(totp.enable(realm, user, proposal, facts), hasCode('unprocessable'))
    assert.equal(await totp.isEnabled(realm, user.id), false)
    assert.deepEqual(await eventsOf(realm), [])
  })

  test('T-SE-08 who has codes on cannot have another app put in its place without switching them off', async () => {
    const alice = await enrol()
    const other = createApp(totp.generate(alice.realm, alice.user).secretBase32)
    const proposal = { secret: other.secret, token: other.code(now) }
    await assert.rejects(totp.enable(alice.realm, alice.user, proposal, facts), hasCode('conflict'))
    assert.equal(await verify(alice, other.code(now)), undefined)
    assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
  })

  test('of two setups at the same time one wins, with its own recovery codes', async () => {
    const realm = await createRealm()
    const user = await createUser(realm)
    const apps: App[] = [1, 2].map(() => createApp(totp.generate(realm, user).secretBase32))
    const answers = await Promise.allSettled(
      apps.map((app) => totp.enable(realm, user, { secret: app.secret, token: app.code(now) }, facts)),
    )
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal(await realm.store.recoveryCodes.countUnused(user.id), 10)
  })

  test('switched off, no code is asked for and none passes; the realm says so too', async () => {
    const alice = await enrol()
    assert.equal(await totp.isRequired(alice.realm, alice.user), true)
    const withoutTotp = { ...alice.realm, settings: { ...alice.realm.settings, auth_params: {} } }
    assert.equal(await totp.isRequired(withoutTotp, alice.user), false)
    assert.equal(await totp.disable(alice.realm, alice.user, facts), true)
    assert.equal(await totp.disable(alice.realm, alice.user, facts), false)
    assert.equal(await totp.isRequired(alice.realm, alice.user), false)
    assert.equal(await verify(alice, alice.app.code(now)), undefined)
    assert.equal(await verify(alice, alice.recoveryCodes[0] ?? ''), undefined)
  })

  test('what changes is on record, and so is a wrong code before a change', async () => {
    const alice = await enrol()
    assert.equal(await totp.confirm(alice.realm, alice.user, wrongCode(alice.app, now), facts), false)
    assert.equal(await totp.confirm(alice.realm, alice.user, alice.app.code(now), facts), true)
    await totp.replaceRecoveryCodes(alice.realm, alice.user, facts)
    await totp.disable(alice.realm, alice.user, facts)
    const events = await eventsOf(alice.realm)
    assert.deepEqual(
      new Set(events.map(([type, outcome]) => `${type} ${outcome}`)),
      new Set([
        'user.totp_enabled success',
        'auth_failure failure',
        'user.recovery_codes_replaced success',
        'user.totp_disabled success',
      ]),
    )
    assert.ok(!JSON.stringify(events).includes(alice.app.secret))
  })

  test('a code that could not be looked at is neither used nor a guess', async () => {
    const alice = await enrol()
    const broken: Realm = {
      ...alice.realm,
      store: {
        ...alice.realm.store,
        totpCredentials: {
          ...alice.realm.store.totpCredentials,
          find: () => Promise.reject(new StoreUnavailable('gone')),
        },
      },
    }
    for (let attempt = 0; attempt < 20; attempt++)
      await assert.rejects(totp.verify(broken, alice.user, alice.app.code(now), facts), StoreUnavailable)
    assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
  })

  for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const)
    for (const step of [30, 60])
      test(`${algorithm} every ${step} seconds, for as long as the user keeps the app`, async () => {
        const alice = await enrol({ totp_params: { algorithm, step } })
        assert.deepEqual(await verify(alice, alice.app.code(now)), ['otp'])
        now += step * 1000
        const changed: AuthParams = { totp_params: { algorithm: 'SHA1', step: 15 } }
        const realm = { ...alice.realm, settings: { ...alice.realm.settings, auth_params: changed } }
        assert.deepEqual(await totp.verify(realm, alice.user, alice.app.code(now), facts), ['otp'])
      })

  test('an app shows the host, and the realm where it is not the default one', async () => {
    const realm = await createRealm()
    const user = await createUser(realm)
    const nameIn = (opened: Realm) => new URL(totp.generate(opened, user).otpauthUrl).searchParams.get('issuer')
    assert.equal(nameIn(realm), 'sso.example')
    assert.equal(nameIn(await openRealm(realm.id, 'main')), `sso.example (${realm.id})`)
  })
})
