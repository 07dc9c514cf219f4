/** What is taken of a user. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userCreationSchema, userUpdateSchema } from '../../../src/oauth/user_registration.ts'

const password_hash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

const isTaken = (body: Record<string, unknown>): boolean =>
  userCreationSchema.safeParse({ username: 'alice', ...body }).success

for (const [name, body] of Object.entries({
  'T-BF-11 a username that cannot be seen': { username: 'ali\u200bce' },
  'a password and a hash': { password: 'a long enough password', password_hash },
  'a hash that is no text': { password_hash: 1 },
  'T-AD-05 an id': { id: 'x' },
  'T-AD-05 a subject': { sub: 'x' },
  'T-AD-05 another realm': { realm_id: '_' },
  'T-AD-05 is_admin': { is_admin: true },
  'T-AD-05 a time of creation': { created_at: 1 },
  'T-AD-05 an owner': { owner: 'root' },
  'enabled as text': { enabled: 'yes' },
  'roles as text': { roles: 'super_administrator' },
  'a role twice': { roles: ['a', 'a'] },
  'a role with a line break': { roles: ['a\nb'] },
  'more than a hundred roles': { roles: Array.from({ length: 101 }, (_, index) => `role ${index}`) },
  'an identity without an issuer': { identities: [{ subject: 'x' }] },
  'a certificate that is named twice': { certificate: { san_dns: 'a.example', san_email: 'a@example.com' } },
  'a certificate that is not named': { certificate: {} },
}))
  test(`${name} is refused`, () => {
    assert.equal(isTaken(body), false)
  })

test('a user needs a name and nothing else', () => {
  assert.deepEqual(userCreationSchema.parse({ username: 'alice' }), {
    username: 'alice',
    roles: [],
    groups: [],
    claims: {},
    identities: [],
  })
})

test('T-AD-05 an update carries neither a password nor a hash', () => {
  assert.equal(userUpdateSchema.safeParse({ password: 'a long enough password' }).success, false)
  assert.equal(userUpdateSchema.safeParse({ password_hash }).success, false)
  assert.equal(userUpdateSchema.safeParse({ username: 'whatever the path says' }).success, true)
})
