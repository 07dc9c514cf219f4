/** Every route of the administration API for every kind of caller. The routes are those of the server itself: a new one has no right yet, and fails. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newSecretOf } from '../../../src/authentication/api_key.ts'
import { createEndpoints } from '../../../src/endpoints/registry.ts'
import { sessionCookieName } from '../../../src/sessions/cookies.ts'
import type { SessionKind } from '../../../src/sessions/session_store.ts'
import type { ApiKey } from '../../../src/storage/api_keys.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { skipWithout } from '../../support/backends.ts'
import type { Answer, RequestOptions } from '../../support/client.ts'
import { createOauth } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a passphrase of the tests 7'

/** Whose route it is: of administrators of any realm, of those of the realm in its path, or of super administrators. */
const rights: Record<string, 'any' | 'realm' | 'super'> = {
  'POST /admin/realm': 'super',
  'GET /admin/realm': 'any',
  'GET /admin/me': 'any',
  'GET /admin/realm/:realmId': 'realm',
  'PUT /admin/realm/:realmId': 'realm',
  'DELETE /admin/realm/:realmId': 'super',
  'POST /admin/realm/:realmId/scope': 'realm',
  'GET /admin/realm/:realmId/scope': 'realm',
  'GET /admin/realm/:realmId/scope/:name': 'realm',
  'PUT /admin/realm/:realmId/scope/:name': 'realm',
  'DELETE /admin/realm/:realmId/scope/:name': 'realm',
  'POST /admin/realm/:realmId/resource': 'realm',
  'GET /admin/realm/:realmId/resource': 'realm',
  'GET /admin/realm/:realmId/resource/:name': 'realm',
  'PUT /admin/realm/:realmId/resource/:name': 'realm',
  'DELETE /admin/realm/:realmId/resource/:name': 'realm',
  'POST /admin/realm/:realmId/user': 'realm',
  'GET /admin/realm/:realmId/user': 'realm',
  'GET /admin/realm/:realmId/user/:username': 'realm',
  'PUT /admin/realm/:realmId/user/:username': 'realm',
  'DELETE /admin/realm/:realmId/user/:username': 'realm',
  'PUT /admin/realm/:realmId/user/:username/password': 'realm',
  'POST /admin/realm/:realmId/user/:username/password': 'realm',
  'GET /admin/realm/:realmId/user/:username/certificate': 'realm',
  'PUT /admin/realm/:realmId/user/:username/certificate': 'realm',
  'DELETE /admin/realm/:realmId/user/:username/certificate': 'realm',
  'POST /admin/realm/:realmId/user/:username/totp/generate': 'realm',
  'POST /admin/realm/:realmId/user/:username/totp/verify': 'realm',
  'DELETE /admin/realm/:realmId/user/:username/totp': 'realm',
  'POST /admin/realm/:realmId/client': 'realm',
  'GET /admin/realm/:realmId/client': 'realm',
  'GET /admin/realm/:realmId/client/:clientId': 'realm',
  'PUT /admin/realm/:realmId/client/:clientId': 'realm',
  'DELETE /admin/realm/:realmId/client/:clientId': 'realm',
  'POST /admin/realm/:realmId/client/:clientId/secret': 'realm',
  'GET /admin/realm/:realmId/session': 'realm',
  'GET /admin/realm/:realmId/audit': 'realm',
  'GET /admin/realm/:realmId/key': 'realm',
  'POST /admin/realm/:realmId/key/rotate': 'realm',
  'POST /admin/realm/:realmId/key/:kid/revoke': 'realm',
  'POST /admin/realm/:realmId/api_key': 'realm',
  'GET /admin/realm/:realmId/api_key': 'realm',
  'GET /admin/realm/:realmId/api_key/:keyId': 'realm',
  'POST /admin/realm/:realmId/api_key/:keyId/rotate': 'realm',
  'DELETE /admin/realm/:realmId/api_key/:keyId': 'realm',
}

/** The objects that the paths name; all of them are there. */
const named: Record<string, string> = {
  username: 'bob',
  clientId: 'app',
  name: 'orders:read',
  kid: 'k',
  keyId: 'shown',
}

const bodies = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
} as const

type Refusal = keyof typeof bodies

/** What is unusual of a session. */
type SessionLike = { restricted?: boolean; session_max_age_seconds?: number }

/** `insufficient_scope` is the one 403 that has a code of its own. */
type Caller = { name: string; options: RequestOptions; refused: Refusal | 'allowed' | 'scope' | 'realm'; realm: string }

const expectedOf = (caller: Caller, right: 'any' | 'realm' | 'super'): string => {
  if (caller.refused === 'allowed') return 'allowed'
  if (caller.refused === 'scope') return '403 insufficient_scope'
  if (caller.refused !== 'realm') return `${caller.refused} ${bodies[caller.refused]}`
  if (right === 'any') return 'allowed'
  return right === 'super' ? '403 forbidden' : 'allowed'
}

/** The administrator of a realm at another one: it is not told whether that is there. */
const expectedElsewhere = (route: string): string => {
  if (route.includes(':realmId')) return '404 not_found'
  return rights[route] === 'super' ? '403 forbidden' : 'allowed'
}

const DOCUMENT = join(import.meta.dirname, '../../../docs/administration.md')

test('T-AD-15 – the document for administrators lists every route with its right', () => {
  const rows = readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `([A-Z]+ \S+)` \| (\w+) \|$/gm)
  assert.deepEqual(Object.fromEntries([...rows].map(([, route, right]) => [route, right])), rights)
})

for (const database of ['sqlite', 'postgresql', 'mysql'] as const)
  describe(`the authorization matrix on ${database}`, {
    skip: database === 'sqlite' ? false : skipWithout(database),
  }, () => {
    let server: TestServer
    let routes: string[]
    const callers: Caller[] = []

    const create = async (path: string, json: unknown): Promise<void> => {
      const answer = await server.admin.request('POST', path, { json })
      assert.equal(answer.status, 201, answer.body)
    }

    const change = async (username: string, json: unknown): Promise<void> => {
      const answer = await server.admin.request('PUT', `/admin/realm/_/user/${username}`, { json })
      assert.equal(answer.status, 200, answer.body)
    }

    /** A session of the kind, as its cookie's value. */
    const startSession = async (kind: SessionKind, realmId: string, username: string, like: SessionLike = {}) => {
      const realm = await server.deps.realms.open(realmId)
      const user = await realm?.store.users.findByUsername(username)
      assert.ok(realm && user)
      const about = { authScheme: 'up', amr: ['pwd'], ip: undefined, userAgent: undefined }
      const { restricted = false, ...settings } = like
      const aged = { id: realm.id, settings: { ...realm.settings, ...settings } }
      const { secret } = await server.deps.sessions.start({ realm: aged, kind, user, restricted, ...about })
      return { secret, userId: user.id }
    }

    const cookie = (secret: string): RequestOptions => ({ cookie: `${sessionCookieName('api', '_')}=${secret}` })

    const createAdministrator = async (username: string, roles: string[]): Promise<RequestOptions> => {
      await create('/admin/realm/_/user', { username, password: PASSWORD, roles })
      return cookie((await startSession('api', '_', username)).secret)
    }

    const add = (name: string, options: RequestOptions, refused: Caller['refused'], realm = 'a'): void =>
      void callers.push({ name, options, refused, realm })

    const tokenOf = async (realm: string, scope: string, person: { username: string; password: string }) => {
      const app = await server.admin.createClient({ consent: 'skip', scope: 'openid admin' }, realm)
      const oauth = createOauth({ ...server, issuer: `${server.issuer}/realms/${realm}` })
      const { access_token } = await oauth.obtainTokens(app, person, { extra: { scope } })
      return { headers: { authorization: `Bearer ${access_token}` } }
    }

    const addSessions = async (): Promise<void> => {
      await createAdministrator('ended', ['super_administrator'])
      const ended = await startSession('api', '_', 'ended')
      await server.deps.sessions.endByUser('_', ended.userId)
      add('ended session', cookie(ended.secret), 401)
      const expired = await startSession('api', '_', 'ended', { session_max_age_seconds: 0 })
      add('expired session', cookie(expired.secret), 401)
      const { secret } = await startSession('api', 'a', 'bob')
      add('user of the realm', { cookie: `${sessionCookieName('api', 'a')}=${secret}` }, 401)
      add('user of the realm, renamed cookie', cookie(secret), 401)
      await createAdministrator('root-2', ['super_administrator'])
      const page = await startSession('sso', '_', 'root-2')
      add('SSO cookie', { cookie: `${sessionCookieName('sso', '_')}=${page.secret}` }, 401)
      add('SSO session in the API cookie', cookie(page.secret), 401)
      const restricted = await startSession('api', '_', 'root-2', { restricted: true })
      add('restricted session', cookie(restricted.secret), 403)
    }

    const addAdministrators = async (): Promise<void> => {
      add('no role', await createAdministrator('of-nothing', ['auditor']), 403)
      const removed = await createAdministrator('removed', ['super_administrator'])
      await change('removed', { roles: [] })
      add('removed administrator', removed, 403)
      const disabled = await createAdministrator('disabled', ['super_administrator'])
      await change('disabled', { enabled: false, roles: ['super_administrator'] })
      add('disabled administrator', disabled, 401)
      const ofA = await createAdministrator('of-a', ['realm_administrator:a'])
      add('administrator of A on A', ofA, 'realm')
      add('administrator of A on B', ofA, 404, 'b')
      add('administrator of A on no realm', ofA, 404, 'nowhere')
      add('super administrator', cookie((await startSession('api', '_', 'root-2')).secret), 'allowed')
    }

    const addTokens = async (): Promise<void> => {
      const root = { username: 'root-2', password: PASSWORD }
      add('token without the scope', await tokenOf('_', 'openid', root), 'scope')
      add('token of another realm', await tokenOf('a', 'openid admin', { username: 'bob', password: PASSWORD }), 401)
      add('token of a super administrator', await tokenOf('_', 'openid admin', root), 'allowed')
    }

    const addApiKeys = async (): Promise<void> => {
      const past = 1
      const keyOf = async (realm: string, id: string, change: Partial<ApiKey> = {}): Promise<RequestOptions> => {
        const publicId = id.padEnd(22, '-')
        const { shown, secretHash } = newSecretOf(publicId, { random: systemRandom })
        const base = {
          name: id,
          roles: [],
          scopes: ['admin'],
          createdBy: undefined,
          createdAt: past,
          expiresAt: undefined,
        }
        await server.store.realm(realm).apiKeys.insert({ ...base, ...change, id: publicId, secretHash })
        return { headers: { authorization: `Bearer ${shown}` } }
      }
      const { shown: _shown, secretHash } = newSecretOf('shown', { random: systemRandom })
      const unused = {
        name: 'shown',
        roles: [],
        scopes: [],
        createdBy: undefined,
        createdAt: past,
        expiresAt: undefined,
      }
      await server.store.realm('a').apiKeys.insert({ id: 'shown', secretHash, ...unused })
      add('API key for sessions', await keyOf('a', 'sessions', { scopes: ['sessions'] }), 'scope')
      add('API key of A on A', await keyOf('a', 'of-a'), 'realm')
      add('API key of B on A', await keyOf('b', 'of-b'), 404)
      add('expired API key', await keyOf('a', 'expired', { expiresAt: past }), 401)
      const revoked = await keyOf('_', 'revoked', { roles: ['super_administrator'] })
      await server.store.realm('_').apiKeys.revoke('revoked'.padEnd(22, '-'), past)
      add('revoked API key', revoked, 401)
      const { shown: unknown } = newSecretOf('of-a'.padEnd(22, '-'), { random: systemRandom })
      add('API key with another secret', { headers: { authorization: `Bearer ${unknown}` } }, 401)
      add('API key of a role of A on A', await keyOf('_', 'role-of-a', { roles: ['realm_administrator:a'] }), 'realm')
      add('API key of a super administrator', await keyOf('_', 'super', { roles: ['super_administrator'] }), 'allowed')
    }

    before(async () => {
      server = await startServer({ database })
      const endpoints = createEndpoints({
        ...server.deps,
        isPrepared: () => true,
        isDraining: () => false,
        isCertificateOver: () => false,
      })
      routes = endpoints
        .filter(({ path }) => path.startsWith('/admin/'))
        .flatMap(({ method, path }) => [method].flat().map((name) => `${name} ${path}`))
      for (const id of ['a', 'b']) {
        await server.admin.createRealm({ id, auth_params: { username_password_params: {} } })
        await create(`/admin/realm/${id}/user`, { username: 'bob', password: PASSWORD })
        await create(`/admin/realm/${id}/client`, {
          client_id: 'app',
          redirect_uris: ['https://client.example/callback'],
        })
        for (const name of ['orders:read', 'admin']) await create(`/admin/realm/${id}/scope`, { name })
        await create(`/admin/realm/${id}/resource`, { identifier: 'orders:read' })
        const certificate = { subject_dn: 'CN=bob' }
        const set = await server.admin.request('PUT', `/admin/realm/${id}/user/bob/certificate`, { json: certificate })
        assert.equal(set.status, 200, set.body)
      }
      add('nobody', {}, 401)
      await addSessions()
      await addAdministrators()
      await addTokens()
      await addApiKeys()
    })
    after(() => server.close())

    /** What no refused request may change, and no request whose body is refused. */
    const state = async (): Promise<string> => {
      const page = { limit: 200 }
      const inRealm = async (id: string) => {
        const { users, clients, audit } = server.store.realm(id)
        return await Promise.all([users.list(page), clients.list(page), audit.list(page)])
      }
      return JSON.stringify([
        await server.store.realms.list(page),
        ...(await Promise.all(['_', 'a', 'b'].map(inRealm))),
      ])
    }

    /** With a body that no route takes: who may do it is told of that, and nothing changes. */
    const ask = (route: string, { options, realm }: Caller): Promise<Answer> => {
      const [method = '', pattern = ''] = route.split(' ')
      const path = pattern.replace(/:(\w+)/g, (_whole, name: string) =>
        name === 'realmId' ? realm : (named[name] ?? ''),
      )
      return server.request(method, path, { ...options, ...(method === 'GET' ? {} : { json: { no_such_member: 1 } }) })
    }

    const cellOf = (answer: Answer): string => {
      const { status } = answer
      if (status === 200 || status === 400 || status === 422) return 'allowed'
      return `${status} ${answer.json<{ error: string }>().error}`
    }

    test('T-AD-15 – every route of the administration has a right in the matrix, and no other has', () => {
      assert.deepEqual(routes.toSorted(), Object.keys(rights).toSorted())
    })

    test('T-AD-01 – every route answers every kind of caller by its right, and what is refused changes nothing', async (t) => {
      const unchanged = await state()
      const wrong: string[] = []
      for (const caller of callers) {
        const notFound = new Set<string>()
        for (const route of routes) {
          const answer = await ask(route, caller)
          const right = rights[route] ?? 'super'
          const expected = caller.refused === 404 ? expectedElsewhere(route) : expectedOf(caller, right)
          const cell = cellOf(answer)
          t.diagnostic(`${caller.name} | ${route} | ${cell}`)
          if (cell !== expected)
            wrong.push(`${caller.name}: ${route}: ${expected}, not ${answer.status} ${answer.body}`)
          if (answer.status === 404) notFound.add(answer.body)
        }
        assert.ok(notFound.size <= 1, `${caller.name}: ${[...notFound].join(' ')}`)
        assert.equal(await state(), unchanged, caller.name)
      }
      assert.deepEqual(wrong, [])
    })
  })
