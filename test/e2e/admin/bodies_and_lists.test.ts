/** What the administration API refuses to read, and how it pages. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

type List = { items: Record<string, unknown>[]; next_cursor: string | null }

const redirect_uris = ['https://client.example/callback']

/** Where a body goes, with the least that it needs there. */
const BODIES: [string, string, Record<string, unknown>][] = [
  ['POST', '/admin/realm', { id: 'new' }],
  ['PUT', '/admin/realm/main', { auth_params: { username_password_params: {} } }],
  ['POST', '/admin/realm/main/user', { username: 'new' }],
  ['PUT', '/admin/realm/main/user/bob', {}],
  ['PUT', '/admin/realm/main/user/bob/password', { password: 'some new passphrase' }],
  ['POST', '/admin/realm/main/client', { redirect_uris }],
  ['PUT', '/admin/realm/main/client/app', { redirect_uris }],
]

/** Columns of the tables, and what else somebody could hope to set. */
const HOPES = [
  'realm_id',
  'is_admin',
  'owner',
  'created_at',
  'updated_at',
  'version',
  'settings',
  'canonical_username',
  'password_changed_at',
  'secret_hash',
  'metadata',
  'sub',
  'user_id',
  'super_administrator',
  'constructor',
  'prototype',
  'toString',
]

describe('bodies and lists of the administration API', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
    await server.admin.createUser({ username: 'bob' })
    await server.admin.createClient({ client_id: 'app' })
  })
  after(() => server.close())

  const snapshot = async (): Promise<string> => {
    const paths = ['/admin/realm', '/admin/realm/main/user', '/admin/realm/main/client']
    return (await Promise.all(paths.map((path) => server.admin.request('GET', path)))).map(({ body }) => body).join()
  }

  test('T-AD-05 a member that is unknown or read-only is an error that names it, everywhere', async () => {
    const before_ = await snapshot()
    for (const [method, path, json] of BODIES)
      for (const name of HOPES) {
        const answer = await server.admin.request(method, path, { json: { ...json, [name]: true } })
        assert.equal(answer.status, 400, `${method} ${path} ${name}`)
        const { error, error_description: description } = answer.json()
        assert.equal(error, 'invalid_request')
        if (name !== 'constructor') assert.ok(String(description).includes(name), `${name}: ${description}`)
      }
    assert.equal(await snapshot(), before_)
  })

  test('T-AD-05 secrets and hashes are nobody’s to set in an update', async () => {
    const put = async (path: string, json: unknown) => (await server.admin.request('PUT', path, { json })).status
    assert.equal(await put('/admin/realm/main/user/bob', { password_hash: 'x' }), 400)
    assert.equal(await put('/admin/realm/main/user/bob', { password: 'some new passphrase' }), 400)
    assert.equal(await put('/admin/realm/main/client/app', { redirect_uris, client_secret: 'x' }), 400)
  })

  test('T-IN-04 nothing reaches the prototype of anything', async () => {
    for (const [method, path, json] of BODIES)
      for (const name of ['__proto__', 'constructor']) {
        const text = JSON.stringify(json).replace(
          /\}$/,
          `${Object.keys(json).length > 0 ? ',' : ''}"${name}":{"prototype":{"polluted":1}}}`,
        )
        const answer = await server.admin.request(method, path, {
          body: text,
          headers: { 'content-type': 'application/json' },
        })
        assert.equal(answer.status, 400, `${method} ${path} ${text}`)
      }
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  test('T-CS-02 a body that is not JSON by its type is not read', async () => {
    for (const [method, path, json] of BODIES)
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/json-patch+json',
        'application/json; charset=utf-16',
      ]) {
        const answer = await server.admin.request(method, path, {
          body: JSON.stringify(json),
          headers: { 'content-type': type },
        })
        assert.equal(answer.status, 415, `${method} ${path} ${type}`)
      }
  })

  test('T-IN-06 and T-IN-09 what is not an object, not UTF-8, too deep or too long is refused', async () => {
    const post = async (body: string | Buffer) =>
      (
        await server.admin.request('POST', '/admin/realm/main/user', {
          body,
          headers: { 'content-type': 'application/json' },
        })
      ).status
    for (const body of ['{', 'null', '[]', '"text"', '1', '{"username":"a"} x', '{"username":"a",}', ''])
      assert.equal(await post(body), 400, body)
    assert.equal(await post(`{"username":"a","claims":${'{"address":'.repeat(40)}{}${'}'.repeat(40)}}`), 400)
    assert.equal(await post(`{"username":"${'x'.repeat(70_000)}"}`), 413)
    assert.equal(await post('{"username":"nul\\u0000"}'), 422)
    assert.equal(await post('{"username":"lone \\ud800"}'), 422)
    assert.equal(
      (await server.admin.request('DELETE', '/admin/realm/main/user/bob', { json: { force: true } })).status,
      400,
    )
  })

  test('T-LG-04 an error says what is wrong and where, in words of its own', async () => {
    const description = async (json: unknown): Promise<unknown> => {
      const answer = await server.admin.request('POST', '/admin/realm/main/client', { json })
      assert.equal(answer.json().error, answer.status === 400 ? 'invalid_request' : 'unprocessable')
      return answer.json().error_description
    }
    assert.equal(
      await description({ redirect_uris: ['https://ok.example/', 'http://<script>'] }),
      'redirect_uris[1]: contains a character that a URI cannot have',
    )
    assert.equal(await description({ redirect_uris, '<script>alert(1)</script>': 1 }), '?: unknown or read-only')
    assert.equal(
      await description({ redirect_uris, grant_types: ['password'] }),
      'grant_types[0]: must be one of authorization_code, refresh_token, client_credentials',
    )
    assert.match(String(await description({ redirect_uris: 7 })), /^redirect_uris: Invalid input: expected array/)
  })

  test('T-AD-08 a limit is an integer from 1 to 200', async () => {
    for (const limit of [
      '0',
      '-1',
      '1e2',
      '10a',
      '0x10',
      '1.5',
      'NaN',
      '201',
      '1000000000',
      '9007199254740992',
      '%201',
      '+1',
      '01',
    ]) {
      const answer = await server.admin.request('GET', `/admin/realm/main/user?limit=${limit}`)
      assert.equal(answer.status, 400, limit)
    }
    assert.equal((await server.admin.request('GET', '/admin/realm/main/user?limit=1&limit=2')).status, 400)
    assert.equal((await server.admin.request('GET', '/admin/realm/main/user?limit=200')).status, 200)
  })

  test('T-AD-07 T-IN-01 a cursor that this server did not make for this list is refused', async () => {
    for (const name of ['carol', 'dave']) await server.admin.createUser({ username: name })
    const first = (await server.admin.request('GET', '/admin/realm/main/user?limit=1')).json<List>()
    const cursor = String(first.next_cursor)
    const [text = '', tag = ''] = cursor.split('.')
    const forged = [
      'x',
      text,
      `${text}.`,
      `.${tag}`,
      `${text}.${tag}.x`,
      `${text.slice(0, -1)}.${tag}`,
      `${Buffer.from("' or 1=1 --").toString('base64url')}.${tag}`,
      `${text}.${tag.slice(0, -1)}${tag.endsWith('A') ? 'B' : 'A'}`,
      'A'.repeat(5_000),
    ]
    for (const value of forged) {
      const answer = await server.admin.request('GET', `/admin/realm/main/user?cursor=${encodeURIComponent(value)}`)
      assert.equal(answer.status, 400, value)
    }
    for (const path of ['/admin/realm/_/user', '/admin/realm/main/client', '/admin/realm/main/audit', '/admin/realm'])
      assert.equal((await server.admin.request('GET', `${path}?cursor=${cursor}`)).status, 400, path)
  })

  test('every list is read to its end page by page, nothing twice and nothing left out', async () => {
    await server.admin.createRealm({ id: 'many' })
    const names = Array.from({ length: 7 }, (_, index) => `user-${index}`)
    for (const username of names) await server.admin.request('POST', '/admin/realm/many/user', { json: { username } })
    for (const client_id of names)
      await server.admin.request('POST', '/admin/realm/many/client', { json: { client_id, redirect_uris } })

    const readAll = async (path: string, limit: number): Promise<Record<string, unknown>[]> => {
      const items: Record<string, unknown>[] = []
      let query = `?limit=${limit}`
      for (;;) {
        const page = (await server.admin.request('GET', `${path}${query}`)).json<List>()
        assert.ok(page.items.length <= limit)
        items.push(...page.items)
        if (page.next_cursor === null) return items
        query = `?limit=${limit}&cursor=${encodeURIComponent(page.next_cursor)}`
      }
    }
    for (const limit of [1, 3, 7, 8]) {
      assert.deepEqual(
        (await readAll('/admin/realm/many/user', limit)).map((user) => user.username),
        names,
      )
      assert.deepEqual(
        (await readAll('/admin/realm/many/client', limit)).map((client) => client.client_id),
        names,
      )
      const events = await readAll('/admin/realm/many/audit', limit)
      assert.equal(new Set(events.map((event) => event.id)).size, 14)
      assert.ok((await readAll('/admin/realm', limit)).some((realm) => realm.id === 'many'))
    }
  })
})
