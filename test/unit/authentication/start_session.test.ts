/** A session that begins while its user is changed, over real stores. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startSession } from '../../../src/authentication/start_session.ts'
import type { Realm } from '../../../src/storage/realm_directory.ts'
import type { User } from '../../../src/storage/users.ts'
import { startServer, type TestServer } from '../../support/server.ts'

describe('a session that begins', () => {
  let server: TestServer
  let realm: Realm

  before(async () => {
    server = await startServer()
    const opened = await server.deps.realms.open('main')
    assert.ok(opened)
    realm = opened
  })
  after(() => server.close())

  const idsOf = async (user: User): Promise<string[]> =>
    await server.deps.sessionStore.listIdsByUser(realm.id, user.id, server.deps.clock.now())

  const start = (user: User) =>
    startSession(server.deps, {
      realm,
      kind: 'sso',
      user,
      authScheme: 'up',
      amr: ['pwd'],
      ip: undefined,
      userAgent: undefined,
    })

  /** As the credentials of a login found it. */
  const createUser = async (username: string): Promise<User> => {
    await server.admin.createUser({ username })
    const user = await realm.store.users.findByUsername(username)
    assert.ok(user)
    return user
  }

  const changes: [string, (user: User) => Promise<unknown>][] = [
    [
      'whose password was changed',
      ({ username }) =>
        server.admin.request('PUT', `/admin/realm/main/user/${username}/password`, {
          json: { password: 'a quite different passphrase 9' },
        }),
    ],
    [
      'who was disabled',
      ({ username }) => server.admin.request('PUT', `/admin/realm/main/user/${username}`, { json: { enabled: false } }),
    ],
    ['who was deleted', ({ username }) => server.admin.request('DELETE', `/admin/realm/main/user/${username}`)],
  ]
  for (const [index, [what, change]] of changes.entries())
    test(`T-SE-11 OWASP ASVS 7.4.3 – for a user ${what} since the credentials were checked ends at once`, async () => {
      const user = await createUser(`user-${index}`)
      await change(user)
      await assert.rejects(start(user), { code: 'conflict' })
      assert.deepEqual(await idsOf(user), [])
    })

  test('is there for everybody else', async () => {
    const user = await createUser('carol')
    const { session } = await start(user)
    assert.deepEqual(await idsOf(user), [session.sessionId])
  })
})
