/** Users who come from another system with the hash of their password. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, basic } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'correct horse bättery'
const SALT = '8PHy8/T19vf4+fr7/P3+/w'
const TAIL = 'abcdefghijklmnopqrstuuzxv398t0SB7RWxHMGfBChQWvjMXng0q'

const HASHES: Record<string, string> = {
  argon2i: '$argon2i$v=19$m=1024,t=3,p=1$fZKz66/Me6/Q65Glpve+cg$IfMkcw1GYc6dN+uiWeXTqD4teBAkXZ/ub93Ue1i6sTA',
  bcrypt: `$2y$08$${TAIL}`,
  scrypt: `$scrypt$ln=13,r=8,p=1$${SALT}$R2nqBuCbxDayh1EpdicdFzt/szigEhorssdICZLgmUA`,
  pbkdf2: `$pbkdf2-sha256$i=10000$${SALT}$4RG32JL+/e6M1PaV9VlsKlYWSNIe0+JmkcHATIBmtxU`,
}

describe('a user who moved in with a hash', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  const admin = (method: string, path: string, json: unknown): Promise<Answer> =>
    server.admin.request(method, `/admin/realm/main${path}`, { json })

  const login = (username: string, password: string): Promise<Answer> =>
    server.request('POST', '/login?realm=main', { headers: { authorization: basic(username, password) } })

  const storedHash = async (username: string): Promise<string | undefined> =>
    (await server.store.realm('main').users.findByUsername(username))?.passwordHash

  test('T-BF-08 a hash that cannot be verified, or would hold up every login, is refused with its reason and not repeated', async () => {
    const refused = {
      '$argon2d$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub': /must be an Argon2id, Argon2i, bcrypt/,
      [`$2b$31$${TAIL}`]: /cost that is too low or too high/,
      [`$scrypt$ln=30,r=8,p=1$${SALT}$${'A'.repeat(43)}`]: /cost that is too low or too high/,
      'a plain password': /must be an Argon2id/,
    }
    for (const [password_hash, reason] of Object.entries(refused)) {
      const answer = await admin('POST', '/user', { username: 'eve', password_hash })
      assert.equal(answer.status, 422)
      assert.match(answer.json<{ error_description: string }>().error_description, reason)
      assert.equal(answer.body.includes(password_hash), false)
    }
  })

  for (const [scheme, password_hash] of Object.entries(HASHES))
    test(`${scheme}: signs in with the old password and has a hash of this server afterwards`, async () => {
      assert.equal((await admin('POST', '/user', { username: `of-${scheme}`, password_hash })).status, 201)
      assert.equal((await login(`of-${scheme}`, `${PASSWORD}!`)).status, 401)
      assert.equal(await storedHash(`of-${scheme}`), password_hash)
      assert.equal((await login(`of-${scheme}`, PASSWORD)).status, 200)
      assert.match((await storedHash(`of-${scheme}`)) ?? '', /^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
      assert.equal((await login(`of-${scheme}`, PASSWORD)).status, 200)
      assert.equal((await login(`of-${scheme}`, `${PASSWORD}!`)).status, 401)
    })

  test('T-BF-10 bcrypt: what would be cut off from a password makes it a wrong one', async () => {
    const password_hash = '$2b$08$abcdefghijklmnopqrstuujyJJZFHxfP7uFcWoV4k5KREorUKVI2K'
    await admin('POST', '/user', { username: 'long', password_hash })
    assert.equal((await login('long', 'x'.repeat(73))).status, 401)
    assert.equal((await login('long', 'x'.repeat(72))).status, 200)
    assert.equal((await login('long', 'x'.repeat(73))).status, 401)
  })

  test('a hash set later replaces the password, ends what it gave, and need not be changed', async () => {
    await server.admin.createUser({ username: 'later', password: 'a passphrase of the tests 7' })
    const before = await login('later', 'a passphrase of the tests 7')
    const cookie = before.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    const path = '/user/later/password'
    assert.equal((await admin('PUT', path, { password: 'x y z x y z', password_hash: HASHES.bcrypt })).status, 422)
    assert.equal((await admin('PUT', path, {})).status, 422)
    assert.equal((await admin('PUT', path, { password_hash: `$2b$31$${TAIL}` })).status, 422)
    assert.equal((await admin('PUT', path, { password_hash: HASHES.bcrypt })).status, 204)
    assert.equal((await server.request('GET', '/whoami?realm=main', { cookie })).status, 401)
    assert.equal((await login('later', 'a passphrase of the tests 7')).status, 401)
    assert.equal((await login('later', PASSWORD)).json().next_step, 'Authenticated')
  })
})
