/** Realms, users and clients: made, read, changed and deleted, with everything that follows from it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createPasswordHashing } from '../../../src/authentication/password_hashing.ts'
import { type Answer, basic } from '../../support/client.ts'
import { silentLog } from '../../support/databases.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a passphrase of the tests 7'

const redirect_uris = ['https://client.example/callback']

describe('realms, users and clients', () => {
  let server: TestServer

  const call = (method: string, path: string, json?: unknown): Promise<Answer> =>
    server.admin.request(method, `/admin/realm${path}`, json === undefined ? {} : { json })

  const expect = async (
    status: number,
    method: string,
    path: string,
    json?: unknown,
  ): Promise<Record<string, unknown>> => {
    const answer = await call(method, path, json)
    assert.equal(answer.status, status, `${method} ${path} ${answer.body}`)
    return answer.body === '' ? {} : answer.json()
  }

  const login = (realm: string, username: string, password = PASSWORD): Promise<Answer> =>
    server.request('POST', `/login?realm=${realm}`, { headers: { authorization: basic(username, password) } })

  const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''

  const isSignedIn = async (realm: string, cookie: string): Promise<boolean> =>
    (await server.request('GET', `/whoami?realm=${realm}`, { cookie })).status === 200

  const eventTypes = async (realm: string): Promise<unknown[]> =>
    ((await expect(200, 'GET', `/${realm}/audit`)).items as { type: string }[]).map((event) => event.type)

  const withPasswords = { auth_params: { username_password_params: { allow_expired_passwords: true } } }

  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('RFC 6749 §3.3 – a scope of a realm is made once, listed, described anew and deleted', async () => {
    await expect(201, 'POST', '', { id: 'scoped', ...withPasswords })
    for (const body of [{}, { name: 'a', realm_id: 'other' }]) await expect(400, 'POST', '/scoped/scope', body)
    for (const name of ['two words', 'openid']) await expect(422, 'POST', '/scoped/scope', { name })
    const scope = { name: 'orders:read', description: 'See your orders' }
    assert.deepEqual(await expect(201, 'POST', '/scoped/scope', scope), scope)
    await expect(409, 'POST', '/scoped/scope', scope)
    await expect(201, 'POST', '/scoped/scope', { name: 'orders/write' })
    const page = await expect(200, 'GET', '/scoped/scope?limit=1')
    assert.deepEqual(page.items, [{ name: 'orders/write' }])
    const rest = await expect(200, 'GET', `/scoped/scope?limit=1&cursor=${page.next_cursor}`)
    assert.deepEqual(rest, { items: [scope], next_cursor: null })
    const anew = { name: 'orders:read', description: 'Look at your orders' }
    // The path says which scope it is.
    const body = { name: 'another', description: anew.description }
    assert.deepEqual(await expect(200, 'PUT', '/scoped/scope/orders:read', body), anew)
    assert.deepEqual(await expect(200, 'GET', '/scoped/scope/orders:read'), anew)
    await expect(204, 'DELETE', '/scoped/scope/orders%2Fwrite')
    await expect(404, 'DELETE', '/scoped/scope/orders%2Fwrite')
    await expect(404, 'PUT', '/scoped/scope/orders%2Fwrite', {})
    assert.deepEqual((await expect(200, 'GET', '/scoped')).scopes, [anew])
    const document = await server.request('GET', '/realms/scoped/.well-known/openid-configuration')
    assert.ok(document.json<{ scopes_supported: string[] }>().scopes_supported.includes('orders:read'))
  })

  test('T-AD-04 – twenty scopes made at once are twenty scopes', async () => {
    await expect(201, 'POST', '', { id: 'busy', ...withPasswords })
    const names = Array.from({ length: 20 }, (_, index) => `scope-${index}`)
    await Promise.all(names.map((name) => expect(201, 'POST', '/busy/scope', { name })))
    assert.equal(((await expect(200, 'GET', '/busy')).scopes as unknown[]).length, 20)
  })

  test('a realm is made once, read, changed and deleted', async () => {
    const json = {
      id: 'my-service',
      auth_params: {
        username_password_params: { allow_expired_passwords: false },
        jwt_params: {
          idp_params: [
            {
              jwt_issuer_uri: 'https://accounts.google.com',
              jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
              jwt_audience: 'my-client-id',
            },
          ],
          smallest_refresh_interval_seconds: 300,
        },
        totp_params: { algorithm: 'SHA1', step: 30 },
        client_certificate_params: { subject_from: 'san_dns' },
      },
      session_max_age_seconds: 3_600,
      session_max_stale_age_seconds: 1_800,
    }
    const realm = { ...json, scopes: [] }
    assert.deepEqual(await expect(201, 'POST', '', json), realm)
    assert.equal((await expect(409, 'POST', '', json)).error, 'conflict')
    assert.deepEqual(await expect(200, 'GET', '/my-service'), realm)
    const changed = {
      ...realm,
      session_max_age_seconds: 60,
      scopes: [{ name: 'orders', description: 'See your orders' }],
    }
    assert.deepEqual(await expect(200, 'PUT', '/my-service', changed), changed)
    assert.deepEqual(await expect(200, 'GET', '/my-service'), changed)
    await expect(204, 'DELETE', '/my-service')
    await expect(404, 'GET', '/my-service')
    await expect(404, 'DELETE', '/my-service')
    await expect(404, 'PUT', '/my-service', changed)
  })

  test('the administrators realm and the configured one cannot be deleted, nor the way into them closed', async () => {
    assert.equal((await expect(409, 'DELETE', '/_')).error, 'conflict')
    await expect(409, 'DELETE', '/main')
    await expect(422, 'PUT', '/_', { auth_params: {} })
    await expect(200, 'GET', '/_')
  })

  test('T-LC-01 a deleted realm takes its sessions with it, and its administrators do not come back with its name', async () => {
    await expect(201, 'POST', '', { id: 'gone', ...withPasswords })
    await expect(201, 'POST', '/gone/user', { username: 'bob', password: PASSWORD })
    const admin = { username: 'of-gone', password: PASSWORD, roles: ['realm_administrator:gone', 'auditor'] }
    await expect(201, 'POST', '/_/user', admin)
    const cookie = cookieOf(await login('gone', 'bob'))
    assert.equal(await isSignedIn('gone', cookie), true)
    await expect(204, 'DELETE', '/gone')
    await expect(201, 'POST', '', { id: 'gone', ...withPasswords })
    assert.equal(await isSignedIn('gone', cookie), false)
    assert.equal((await login('gone', 'bob')).status, 401)
    assert.deepEqual((await expect(200, 'GET', '/_/user/of-gone')).roles, ['auditor'])
    assert.ok((await eventTypes('_')).includes('realm.deleted'))
  })

  test('OpenID Connect Core §2 and §5.1 – a user has a subject of its own that never changes, and standard claims', async () => {
    const claims = { given_name: 'Jane', email: 'jane@example.com', email_verified: true, address: { country: 'CA' } }
    const made = await expect(201, 'POST', '/main/user', {
      username: 'Jane',
      claims,
      groups: ['staff'],
      roles: ['editor'],
    })
    assert.match(String(made.sub), /^[A-Za-z0-9_-]{22}$/)
    assert.deepEqual(made, {
      username: 'Jane',
      sub: made.sub,
      enabled: true,
      change_password: false,
      totp_enabled: false,
      roles: ['editor'],
      groups: ['staff'],
      claims,
      identities: [],
    })
    assert.deepEqual(await expect(200, 'GET', '/main/user/jane'), made)
    const certificate = { san_dns: 'jane.example' }
    const changed = await expect(200, 'PUT', '/main/user/Jane', { username: 'somebody', claims: {}, certificate })
    assert.deepEqual(changed, { ...made, claims: {}, groups: [], roles: [], certificate })
    await expect(404, 'GET', '/main/user/somebody')
    assert.equal((await expect(422, 'PUT', '/main/user/jane', { claims: { email: 'x' } })).error, 'unprocessable')
    await expect(204, 'DELETE', '/main/user/jane')
    await expect(404, 'GET', '/main/user/jane')
    await expect(404, 'PUT', '/main/user/jane', {})
    await expect(404, 'DELETE', '/main/user/jane')
  })

  test('T-BF-11 one name in two spellings is taken, and so is one that looks like it', async () => {
    await expect(201, 'POST', '/main/user', { username: 'Admin' })
    for (const username of ['admin', 'ADMIN', 'ａdmin', 'Ａｄｍｉｎ'])
      await expect(409, 'POST', '/main/user', { username })
    for (const username of ['ad\u200bmin', 'admin\u202e', ' admin', 'admin＠x'])
      await expect(422, 'POST', '/main/user', { username })
    await expect(201, 'POST', '/main/user', { username: 'аdmin' })
  })

  test('T-IN-01 names that mean something to SQL or to a path are names', async () => {
    for (const username of ["o'neil", 'a"b', 'x\\y', '%', '_', 'a/b', '$.roles', ';--', 'a?b=c#d']) {
      await expect(201, 'POST', '/main/user', { username })
      const path = `/main/user/${encodeURIComponent(username)}`
      assert.equal((await expect(200, 'GET', path)).username, username)
      await expect(204, 'DELETE', path)
    }
    for (const part of ['%00', '%F0%9F', '..%2f..', '%E2%80%AE', 'x'.repeat(400)]) {
      const { status } = await call('GET', `/main/user/${part}`)
      assert.ok(status === 404 || status === 400, `${part} ${status}`)
    }
  })

  test('a user moves in with the hash of another system and keeps the password', async () => {
    const hashing = createPasswordHashing(
      { memory_kib: 2_048, iterations: 1, parallelism: 1, max_concurrent: 1, max_queue: 9 },
      silentLog,
    )
    const password_hash = await hashing.hash(PASSWORD)
    await expect(201, 'POST', '/main/user', { username: 'moved', password_hash })
    assert.equal((await login('main', 'moved')).status, 200)
    assert.equal((await login('main', 'moved', 'another')).status, 401)
    assert.equal((await login('main', 'moved')).status, 200)
    await expect(422, 'POST', '/main/user', { username: 'weak', password_hash: password_hash.replace('m=2048', 'm=8') })
    await expect(422, 'POST', '/main/user', { username: 'bcrypt', password_hash: '$2b$12$abc' })
  })

  test('NIST SP 800-63B §3.1.1.2 – no administrator gives a user a password that is no good', async () => {
    for (const password of ['short', 'password1', 'x'.repeat(300)]) {
      await expect(422, 'POST', '/main/user', { username: 'weak', password })
      await expect(201, 'POST', '/main/user', { username: 'weak' })
      await expect(422, 'PUT', '/main/user/weak/password', { password })
      await expect(204, 'DELETE', '/main/user/weak')
    }
  })

  test('OWASP ASVS 6.4.1 a password that an administrator sets has to be changed, and ends all sessions', async () => {
    await expect(201, 'POST', '/main/user', { username: 'forgot', password: PASSWORD })
    const cookie = cookieOf(await login('main', 'forgot'))
    await expect(204, 'PUT', '/main/user/forgot/password', { password: 'set by an administrator' })
    assert.equal(await isSignedIn('main', cookie), false)
    assert.equal((await login('main', 'forgot')).status, 401)
    assert.equal((await login('main', 'forgot', 'set by an administrator')).json().next_step, 'ChangePassword')
    await expect(204, 'POST', '/main/user/forgot/password', {
      password: 'set once more by one',
      change_password: false,
    })
    assert.equal((await login('main', 'forgot', 'set once more by one')).json().next_step, 'Authenticated')
    await expect(404, 'PUT', '/main/user/nobody/password', { password: 'set by an administrator' })
  })

  test('T-LC-01 who is disabled or deleted is out at once, and not back in when enabled again', async () => {
    await expect(201, 'POST', '/main/user', { username: 'leaver', password: PASSWORD })
    const cookie = cookieOf(await login('main', 'leaver'))
    const disabled = await expect(200, 'PUT', '/main/user/leaver', { enabled: false })
    assert.equal(disabled.enabled, false)
    assert.equal(await isSignedIn('main', cookie), false)
    assert.equal((await login('main', 'leaver')).status, 401)
    // T-CA-12 – what an update leaves out does not switch anybody on.
    assert.equal((await expect(200, 'PUT', '/main/user/leaver', {})).enabled, false)
    await expect(200, 'PUT', '/main/user/leaver', { enabled: true })
    assert.equal(await isSignedIn('main', cookie), false)
    const again = cookieOf(await login('main', 'leaver'))
    await expect(204, 'DELETE', '/main/user/leaver')
    assert.equal(await isSignedIn('main', again), false)
  })

  test('T-AD-04 the last super administrator remains one, also when two leave at the same time', async () => {
    const path = '/_/user/root-admin'
    for (const json of [{ enabled: false, roles: ['super_administrator'] }, { roles: [] }])
      assert.equal((await expect(409, 'PUT', path, json)).error, 'conflict')
    await expect(409, 'DELETE', path)
    await expect(201, 'POST', '/_/user', { username: 'second', password: PASSWORD, roles: ['super_administrator'] })
    const answers = await Promise.all([call('PUT', path, { roles: [] }), call('PUT', '/_/user/second', { roles: [] })])
    // The other is refused for being the last, or because who asks is no administrator any more when it is its turn.
    const [won, refused] = answers.map((answer) => answer.status).sort()
    assert.equal(won, 200)
    assert.ok(refused === 403 || refused === 409)
    const { items } = await server.store.realm('_').users.list({ limit: 200 })
    assert.equal(items.filter((user) => user.roles.includes('super_administrator')).length, 1)
    const root = await server.store.realm('_').users.findByUsername('root-admin')
    assert.ok(root)
    await server.store.realm('_').users.update({ ...root, roles: ['super_administrator'] })
  })

  test('RFC 7591 §3.2.1 – a client shows its secret when it is made or made anew, and never again', async () => {
    const made = await expect(201, 'POST', '/main/client', { redirect_uris, client_name: 'Shop' })
    assert.match(String(made.client_id), /^[A-Za-z0-9_-]{22}$/)
    assert.match(String(made.client_secret), /^[A-Za-z0-9_-]{43}$/)
    const { client_secret: _secret, ...known } = made
    const path = `/main/client/${made.client_id}`
    assert.deepEqual(await expect(200, 'GET', path), known)
    assert.deepEqual(await expect(200, 'PUT', path, { redirect_uris, client_name: 'Shop' }), known)
    const rotated = await expect(200, 'POST', `${path}/secret`)
    assert.deepEqual({ ...rotated, client_secret: made.client_secret }, made)
    assert.notEqual(rotated.client_secret, made.client_secret)
    await expect(204, 'DELETE', path)
    await expect(404, 'GET', path)
    await expect(404, 'POST', `${path}/secret`)
  })

  test('T-CA-05 a secret goes with its method, and comes with it', async () => {
    const path = '/main/client/changing'
    const method = (token_endpoint_auth_method: string) => ({ redirect_uris, token_endpoint_auth_method })
    const stored = () => server.store.realm('main').clients.find('changing')
    const made = await expect(201, 'POST', '/main/client', { client_id: 'changing', ...method('none') })
    assert.equal(made.client_secret, undefined)
    await expect(422, 'POST', `${path}/secret`)
    assert.equal(typeof (await expect(200, 'PUT', path, method('client_secret_basic'))).client_secret, 'string')
    const kept = (await stored())?.secretHash
    assert.equal((await expect(200, 'PUT', path, method('client_secret_post'))).client_secret, undefined)
    assert.equal((await stored())?.secretHash, kept)
    await expect(200, 'PUT', path, method('none'))
    assert.equal((await stored())?.secretHash, undefined)
  })

  test('T-CA-05 OpenID Connect Core §9 – a secret to sign with is new when the method comes, and its copy goes with the method', async () => {
    const method = (token_endpoint_auth_method: string) => ({ token_endpoint_auth_method, redirect_uris })
    const made = await expect(201, 'POST', '/main/client', method('client_secret_basic'))
    const path = `/main/client/${made.client_id}`
    const { clientSecrets } = server.deps.store.realm('main')
    const copy = () => clientSecrets.find(String(made.client_id))
    assert.equal(await copy(), undefined)
    const signing = await expect(200, 'PUT', path, method('client_secret_jwt'))
    assert.match(String(signing.client_secret), /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(signing.client_secret, made.client_secret)
    const first = await copy()
    assert.ok(first && !first.includes(String(signing.client_secret)))
    // A change of something else leaves it alone.
    assert.equal(
      (await expect(200, 'PUT', path, { ...method('client_secret_jwt'), client_name: 'A' })).client_secret,
      undefined,
    )
    assert.equal(await copy(), first)
    const rotated = await expect(200, 'POST', `${path}/secret`)
    assert.notEqual(rotated.client_secret, signing.client_secret)
    assert.notEqual(await copy(), first)
    assert.equal((await expect(200, 'PUT', path, method('client_secret_post'))).client_secret, undefined)
    assert.equal(await copy(), undefined)
    await expect(200, 'PUT', path, method('client_secret_jwt'))
    await expect(204, 'DELETE', path)
    assert.equal(await copy(), undefined)
  })

  test('a client moves in with its id and secret', async () => {
    const client_secret = randomBytes(32).toString('hex')
    const json = { client_id: 'moved.client~1', client_secret, redirect_uris }
    assert.equal((await expect(201, 'POST', '/main/client', json)).client_secret, client_secret)
    await expect(409, 'POST', '/main/client', json)
    await expect(422, 'POST', '/main/client', { ...json, client_id: 'weak', client_secret: 'x'.repeat(40) })
  })

  test('RFC 9068 §5 – a client cannot have the identifier of a person', async () => {
    const { sub } = await expect(201, 'POST', '/main/user', { username: 'victim' })
    await expect(409, 'POST', '/main/client', { client_id: sub, redirect_uris })
  })

  test('T-CA-12 a disabled client stays disabled until somebody says otherwise', async () => {
    await expect(201, 'POST', '/main/client', { client_id: 'off', redirect_uris, enabled: false, consent: 'skip' })
    const changed = await expect(200, 'PUT', '/main/client/off', { redirect_uris })
    assert.equal(changed.enabled, false)
    assert.equal(changed.consent, 'required')
    assert.equal((await expect(200, 'PUT', '/main/client/off', { redirect_uris, enabled: true })).enabled, true)
    await expect(422, 'PUT', '/main/client/off', {
      redirect_uris,
      token_endpoint_auth_method: 'none',
      require_pkce: false,
    })
  })

  test('T-LG-01 every change is one event that says who did what to whom', async () => {
    await expect(201, 'POST', '', { id: 'audited', ...withPasswords })
    const { sub } = await expect(201, 'POST', '/audited/user', { username: 'bob', password: PASSWORD })
    await expect(409, 'POST', '/audited/user', { username: 'bob' })
    await expect(422, 'POST', '/audited/client', {})
    await expect(201, 'POST', '/audited/client', { client_id: 'app', redirect_uris })
    await expect(200, 'POST', '/audited/client/app/secret')
    await expect(200, 'PUT', '/audited', withPasswords)
    await expect(204, 'DELETE', '/audited/client/app')
    await expect(204, 'DELETE', '/audited/user/bob')
    assert.deepEqual((await eventTypes('audited')).reverse(), [
      'user.created',
      'client.created',
      'client.secret_rotated',
      'realm.updated',
      'client.deleted',
      'user.deleted',
    ])
    const [event] = (await expect(200, 'GET', '/audited/audit?limit=1')).items as Record<string, unknown>[]
    assert.equal(event?.principal, 'root-admin')
    assert.equal(event?.target, sub)
    assert.equal(event?.ip, '127.0.0.1')
    assert.equal(typeof event?.request_id, 'string')
  })

  test('the sessions and public keys of a realm can be looked at', async () => {
    await expect(201, 'POST', '', { id: 'watched', ...withPasswords })
    await expect(201, 'POST', '/watched/user', { username: 'bob', password: PASSWORD })
    const { session_id } = (await login('watched', 'bob')).json()
    const [session] = (await expect(200, 'GET', '/watched/session')).items as Record<string, unknown>[]
    assert.equal(session?.session_id, session_id)
    assert.equal(session?.username, 'bob')
    await server.request('GET', '/realms/watched/jwks')
    const keys = (await expect(200, 'GET', '/watched/key')) as { items: { jwk: object; state: string }[] }
    for (const key of keys.items) assert.ok(!('d' in key.jwk))
  })

  test('GET /public/version says which version it is, to everybody', async () => {
    const answer = await server.request('GET', '/public/version')
    assert.equal(answer.status, 200)
    assert.match(String(answer.json().version), /^\d+\.\d+\.\d+/)
  })
})

/** Members whose value nobody may read. `change_password` and `token_endpoint_auth_method` say something about one. */
const SECRET = /secret|hash|private|seed|password|^(?:d|p|q|dp|dq|qi|k)$/i
const HARMLESS = new Set([
  'change_password',
  'username_password_params',
  'allow_expired_passwords',
  'max_password_age_seconds',
])

const secretsIn = (value: unknown, path = ''): string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(SECRET.test(name) && !HARMLESS.has(name) ? [`${path}.${name}`] : []),
    ...secretsIn(inner, `${path}.${name}`),
  ])
}

describe('what is read', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
    await server.admin.createUser({ username: 'bob', password: PASSWORD })
    await server.admin.createClient({ client_id: 'app' })
    await server.request('POST', '/login?realm=main', { headers: { authorization: basic('bob', PASSWORD) } })
    await server.request('GET', '/jwks')
  })
  after(() => server.close())

  test('T-CA-09 no answer of the administration API has a secret, a hash or a private key in it', async () => {
    const user = await server.store.realm('main').users.findByUsername('bob')
    const client = await server.store.realm('main').clients.find('app')
    const reads = [
      '',
      '/main',
      '/main/user',
      '/main/user/bob',
      '/main/client',
      '/main/client/app',
      '/main/session',
      '/main/audit',
      '/main/key',
      '/_/user',
      '/_/audit',
      '/_/session',
    ]
    const answers = await Promise.all([
      ...reads.map((path) => server.admin.request('GET', `/admin/realm${path}`)),
      server.admin.request('GET', '/admin/me'),
      server.admin.request('PUT', '/admin/realm/main/user/bob', { json: {} }),
      server.admin.request('PUT', '/admin/realm/main/client/app', { json: { redirect_uris } }),
    ])
    for (const answer of answers) {
      assert.equal(answer.status, 200)
      assert.deepEqual(secretsIn(answer.json()), [])
      for (const hash of [user?.passwordHash, client?.secretHash])
        assert.ok(hash !== undefined && !answer.body.includes(hash))
    }
  })
})
