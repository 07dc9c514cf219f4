import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Credential, Proof } from '../../../src/authentication/first_factor.ts'
import { createLoginFlow, type LoginFlow } from '../../../src/authentication/login.ts'
import type { AuditEvent, RequestFacts } from '../../../src/storage/audit_events.ts'
import type { Realm } from '../../../src/storage/realm_directory.ts'
import type { User } from '../../../src/storage/users.ts'
import { systemRandom } from '../../../src/system/random.ts'

type Recorded = Pick<AuditEvent, 'type' | 'principal' | 'detail'>

const facts: RequestFacts = { ip: '203.0.113.9', requestId: 'request' }
const user = { id: 'sub', username: 'alice', enabled: true } as User
const credential: Credential = { scheme: 'up', username: 'alice', password: 'secret' }

let events: Recorded[]
let proof: Proof
let hasTotp: boolean
let checkedCodes: string[]
let flow: LoginFlow

const realmWith = (allow_expired_passwords: boolean): Realm => {
  const insert = async ({ type, principal, detail }: AuditEvent): Promise<void> =>
    void events.push({ type, principal, detail })
  const auth_params = { username_password_params: { allow_expired_passwords } }
  return { settings: { auth_params }, store: { audit: { insert } } } as unknown as Realm
}

const realm = realmWith(true)

beforeEach(() => {
  events = []
  hasTotp = false
  checkedCodes = []
  proof = { isProved: true, user, amr: ['pwd'], isPasswordExpired: false }
  const prove = async (): Promise<Proof> => proof
  const totp = {
    isRequired: async () => hasTotp,
    verify: async (_realm: Realm, _user: User, code: string) => {
      checkedCodes.push(code)
      return code === '123456' ? ['otp'] : undefined
    },
  }
  flow = createLoginFlow({
    methods: { up: prove, jwt: prove, cc: prove },
    totp,
    clock: { now: () => 1_000 },
    random: systemRandom,
  })
})

test('a credential that proves nothing fails, whatever the code, and no code is looked at', async () => {
  proof = { isProved: false, user, reason: 'wrong_password' }
  hasTotp = true
  assert.deepEqual(await flow.login(realm, credential, '123456', facts), { outcome: 'failed' })
  assert.deepEqual(checkedCodes, [])
  assert.deepEqual(events, [
    { type: 'auth_failure', principal: 'alice', detail: { method: 'up', reason: 'wrong_password' } },
  ])
})

test('T-SE-08 a right credential without the code of a user who has one is no login and leaves no session to start', async () => {
  hasTotp = true
  const login = await flow.login(realm, credential, undefined, facts)
  assert.deepEqual(login, {
    outcome: 'totp_required',
    user,
    firstFactor: { scheme: 'up', amr: ['pwd'], isPasswordExpired: false },
  })
  assert.deepEqual(events, [])
})

test('a wrong code fails and is on record', async () => {
  hasTotp = true
  assert.deepEqual(await flow.login(realm, credential, '000000', facts), { outcome: 'failed' })
  assert.equal(events[0]?.detail.reason, 'wrong_totp_code')
})

test('RFC 8176 §2 – both factors are named, in the scheme and in amr', async () => {
  hasTotp = true
  const login = await flow.login(realm, credential, '123456', facts)
  assert.deepEqual(login, {
    outcome: 'authenticated',
    user,
    authScheme: 'up+totp',
    amr: ['pwd', 'otp', 'mfa'],
    restricted: false,
  })
})

test('T-SE-08 an expired password does not spare the code, and what follows is restricted', async () => {
  hasTotp = true
  proof = { isProved: true, user, amr: ['pwd'], isPasswordExpired: true }
  assert.equal((await flow.login(realm, credential, undefined, facts)).outcome, 'totp_required')
  const login = await flow.login(realm, credential, '123456', facts)
  assert.ok(login.outcome === 'authenticated' && login.restricted)
})

test('an expired password ends the login where the realm does not let people change it', async () => {
  proof = { isProved: true, user, amr: ['pwd'], isPasswordExpired: true }
  assert.deepEqual(await flow.login(realmWith(false), credential, undefined, facts), { outcome: 'password_expired' })
  assert.equal(events[0]?.type, 'auth_failure')
})

test('a code that nobody asked for is not looked at', async () => {
  const login = await flow.login(realm, credential, '123456', facts)
  assert.ok(login.outcome === 'authenticated' && login.authScheme === 'up')
  assert.deepEqual(checkedCodes, [])
})

const others: Credential[] = [
  { scheme: 'jwt', token: 'a.b.c' },
  { scheme: 'cc', certificate: { der: Buffer.alloc(0), chain: [] } },
]
for (const other of others) {
  test(`the second factor comes on top of ${other.scheme} as well`, async () => {
    hasTotp = true
    assert.equal((await flow.login(realm, other, undefined, facts)).outcome, 'totp_required')
    const login = await flow.login(realm, other, '123456', facts)
    assert.ok(login.outcome === 'authenticated' && login.authScheme === `${other.scheme}+totp`)
  })
}

test('what was proved elsewhere goes on like a credential: to the code, or on record as failed', async () => {
  hasTotp = true
  assert.deepEqual(await flow.proceed(realm, { scheme: 'jwt', proof }, facts), {
    outcome: 'totp_required',
    user,
    firstFactor: { scheme: 'jwt', amr: ['pwd'], isPasswordExpired: false },
  })
  const refused = { isProved: false, user: undefined, reason: 'wrong_nonce' } as const
  assert.deepEqual(await flow.proceed(realm, { scheme: 'jwt', proof: refused }, facts), { outcome: 'failed' })
  assert.deepEqual(events, [
    { type: 'auth_failure', principal: undefined, detail: { method: 'jwt', reason: 'wrong_nonce' } },
  ])
})
