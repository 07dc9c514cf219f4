/** API keys: made once, shown once, good for what they say and no longer than they should be. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createManualClock } from '../../contract/sessions/samples.ts'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, basic } from '../../support/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const run = promisify(execFile)
const PASSWORD = 'a passphrase of the tests 7'

type Key = { id: string; name: string; api_key: string; last_used_at: number | null; revoked_at: number | null }

for (const database of ['sqlite', 'postgresql', 'mysql'] as const)
  describe(`API keys, on ${database}`, { skip: database === 'sqlite' ? false : skipWithout(database) }, () => {
    const clock = createManualClock(Date.now())
    let server: TestServer

    before(async () => {
      server = await startServer({ database, clock })
      await server.admin.createRealm({ id: 'shop', auth_params: { username_password_params: {} } })
    })
    after(() => server.close())

    const create = (realm: string, json: unknown): Promise<Answer> =>
      server.admin.request('POST', `/admin/realm/${realm}/api_key`, { json })

    const made = async (realm: string, json: Record<string, unknown>): Promise<Key> => {
      const answer = await create(realm, { name: 'a program', ...json })
      assert.equal(answer.status, 201, answer.body)
      return answer.json<Key>()
    }

    const withKey = (key: string, method: string, path: string, json?: unknown, at = server): Promise<Answer> =>
      at.request(method, path, { headers: { authorization: `Bearer ${key}` }, ...(json === undefined ? {} : { json }) })

    test('what is wrong is refused by name', async () => {
      const wrongs: [string, Record<string, unknown>, RegExp][] = [
        ['shop', { scopes: ['admin'] }, /name/],
        ['shop', { name: 'x', scopes: [] }, /scopes: must name at least one/],
        ['shop', { name: 'x', scopes: ['everything'] }, /scopes/],
        [
          'shop',
          { name: 'x', scopes: ['admin'], roles: ['super_administrator'] },
          /roles: only keys of the administrators realm/,
        ],
        ['_', { name: 'x', scopes: ['admin'] }, /roles: a key of the administrators realm needs/],
        ['_', { name: 'x', scopes: ['admin'], roles: ['gardener'] }, /roles\[0\]/],
        ['shop', { name: 'x', scopes: ['admin'], expires_in_seconds: 0 }, /expires_in_seconds/],
        ['shop', { name: 'x', scopes: ['admin'], secret_hash: 'x' }, /secret_hash: unknown/],
      ]
      for (const [realm, json, message] of wrongs) {
        const answer = await create(realm, json)
        assert.ok([400, 422].includes(answer.status), answer.body)
        assert.match(answer.body, message)
      }
    })

    test('T-AD-03 – the administrator of a realm makes keys for it, and none for anything else', async () => {
      const json = { username: 'keeper', password: PASSWORD, roles: ['realm_administrator:shop'] }
      assert.equal((await server.admin.request('POST', '/admin/realm/_/user', { json })).status, 201)
      const headers = { authorization: basic('keeper', PASSWORD) }
      const login = await server.request('POST', '/login?realm=_', { headers })
      const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      const ask = (realm: string, roles: string[]) =>
        server.request('POST', `/admin/realm/${realm}/api_key`, {
          cookie,
          json: { name: 'x', scopes: ['admin'], roles },
        })
      assert.equal((await ask('shop', [])).status, 201)
      assert.equal((await ask('main', [])).status, 404)
      assert.equal((await ask('_', ['super_administrator'])).status, 404)
      assert.equal((await ask('shop', ['super_administrator'])).status, 422)
    })

    test('a key is shown once, and the database has its hash only', async () => {
      const { id, api_key } = await made('shop', { scopes: ['admin:read'] })
      assert.match(api_key, new RegExp(`^ask_${id}_[A-Za-z0-9_-]{43}$`))
      const secret = api_key.slice(-43)
      for (const path of ['/admin/realm/shop/api_key', `/admin/realm/shop/api_key/${id}`, '/admin/realm/shop/audit']) {
        const { body } = await server.admin.request('GET', path)
        assert.ok(body.includes(id), path)
        assert.ok(!body.includes(secret), path)
      }
      assert.ok(!JSON.stringify(await server.store.apiKeys.find(id)).includes(secret))
      assert.ok(!server.logs.join('').includes(secret))
    })

    test('each scope is good for what it says', async () => {
      const reader = (await made('shop', { scopes: ['admin:read'] })).api_key
      const writer = (await made('shop', { scopes: ['admin'] })).api_key
      const api = (await made('shop', { scopes: ['sessions'] })).api_key
      const user = { username: 'bob', password: PASSWORD }
      assert.equal((await withKey(reader, 'GET', '/admin/realm/shop/user')).status, 200)
      assert.equal((await withKey(reader, 'POST', '/admin/realm/shop/user', user)).json().error, 'insufficient_scope')
      assert.equal((await withKey(writer, 'POST', '/admin/realm/shop/user', user)).status, 201)
      assert.equal((await withKey(writer, 'GET', '/admin/realm/main/user')).status, 404)
      assert.equal((await withKey(writer, 'POST', '/admin/realm', { id: 'more' })).status, 403)
      assert.equal((await withKey(api, 'GET', '/sessions/realms/shop')).status, 200)
      assert.equal((await withKey(api, 'GET', '/sessions/realms/main')).status, 404)
      assert.equal((await withKey(api, 'GET', '/admin/realm/shop/user')).status, 403)
      const { body } = await server.admin.request('GET', '/admin/realm/shop/audit?type=user.created')
      assert.match(body, /"principal":"api_key:/)
      assert.match((await withKey(reader, 'GET', '/admin/me')).body, /"super_administrator":false,"realms":\["shop"\]/)
    })

    test('it is over when its time is, and says when it was used', async () => {
      const { id, api_key } = await made('shop', { scopes: ['admin:read'], expires_in_seconds: 60 })
      const use = async (): Promise<number> => (await withKey(api_key, 'GET', '/admin/realm/shop')).status
      assert.equal(await use(), 200)
      const shown = await server.admin.request('GET', `/admin/realm/shop/api_key/${id}`)
      assert.ok(shown.json<Key>().last_used_at)
      clock.advance(59_000)
      assert.equal(await use(), 200)
      clock.advance(1_000)
      assert.equal(await use(), 401)
    })

    test('T-LC-01 – a rotated or revoked key is refused at once, on the other node as well', async (t) => {
      const other = await startServer({ database, databaseUrl: server.prepared.databaseUrl, clock })
      t.after(() => other.close())
      const first = await made('shop', { scopes: ['admin:read'] })
      const at = `/admin/realm/shop/api_key/${first.id}`
      const statuses = async (key: string) =>
        Promise.all(
          [server, other].map(async (node) => (await withKey(key, 'GET', '/admin/realm/shop', undefined, node)).status),
        )
      assert.deepEqual(await statuses(first.api_key), [200, 200])
      const rotated = await server.admin.request('POST', `${at}/rotate`)
      assert.equal(rotated.status, 200, rotated.body)
      const second = rotated.json<Key>().api_key
      assert.deepEqual(await statuses(first.api_key), [401, 401])
      assert.deepEqual(await statuses(second), [200, 200])
      assert.equal((await server.admin.request('DELETE', at)).status, 204)
      assert.equal((await server.admin.request('DELETE', at)).status, 204)
      assert.deepEqual(await statuses(second), [401, 401])
      assert.equal((await server.admin.request('POST', `${at}/rotate`)).status, 409)
      assert.ok((await server.admin.request('GET', at)).json<Key>().revoked_at)
    })

    test('of twenty rotations at once one is answered with a key that works', async () => {
      const { id, api_key } = await made('shop', { scopes: ['admin:read'] })
      const before = await server.store.realm('shop').apiKeys.find(id)
      assert.ok(before)
      const { apiKeys } = server.store.realm('shop')
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          apiKeys.rotate(id, { before: before.secretHash, after: `hash-${index}` }),
        ),
      )
      assert.equal(outcomes.filter(Boolean).length, 1)
      assert.equal((await withKey(api_key, 'GET', '/admin/realm/shop')).status, 401)
    })

    test('no form of a key that is wrong is an error of ours, and all are answered alike', async () => {
      const { api_key } = await made('shop', { scopes: ['admin'] })
      const wrongs = [
        'ask_',
        'ask_x_y',
        `${api_key}x`,
        api_key.slice(0, -1),
        `${api_key.slice(0, -1)}A`,
        `ask_${'a'.repeat(10_000)}`,
      ]
      const bodies = new Set<string>()
      for (const key of wrongs.filter((one) => one !== api_key)) {
        const answer = await withKey(key, 'GET', '/admin/realm/shop')
        assert.equal(answer.status, 401, answer.body)
        bodies.add(answer.body)
      }
      assert.equal(bodies.size, 1)
    })

    test('auth_server keys create prints the key alone, and it works', { skip: database !== 'sqlite' }, async () => {
      const command = (...args: string[]) =>
        run(process.execPath, [MAIN, 'keys', 'create', ...args, server.prepared.configFile], {
          cwd: server.prepared.folder,
        })
      const { stdout } = await command('--name', 'operator', '--realm', '_', '--roles', 'super_administrator')
      assert.match(stdout, /^ask_\S+\n$/)
      assert.equal((await withKey(stdout.trim(), 'POST', '/admin/realm', { id: 'made-by-key' })).status, 201)
      const { stdout: reader } = await command(
        '--name',
        'r',
        '--realm',
        'shop',
        '--scopes',
        'admin:read,sessions',
        '--expires-in',
        '60',
      )
      assert.equal((await withKey(reader.trim(), 'GET', '/admin/realm/shop')).status, 200)
      for (const args of [
        [],
        ['--name', 'x', '--scopes', 'all'],
        ['--name', 'x', '--realm', '_'],
        ['--name', 'x', '--roles', 'super_administrator'],
        ['--name', 'x', '--expires-in', 'soon'],
      ])
        await assert.rejects(command(...args), (error: { code: number }) => error.code === 64)
    })
  })
