/** R-2, F-3 to F-6: a store that does not answer makes a decision fail closed and soon, and what needs no store goes on. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type BackendName, backend, skipWithout } from '../../support/backends.ts'
import { type Browser, basic, clientBasic } from '../../support/client.ts'
import { type Line, openLine } from '../../support/line.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { createScratchDatabase, type ScratchDatabase } from '../../support/scratch_database.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const troubles = ['freeze', 'cut'] as const

const eventually = async (server: TestServer, path: string, status: number): Promise<void> => {
  while ((await server.request('GET', path)).status !== status) await delay(50)
}

for (const engine of ['postgresql', 'mysql'] as const) {
  describe(`trouble with ${engine}`, { skip: skipWithout(engine) }, () => {
    let database: ScratchDatabase
    let line: Line
    let server: TestServer
    let client: TestClient
    let person: Person
    let refreshToken: string

    before(async () => {
      database = await createScratchDatabase(engine, backend(engine)?.url ?? '')
      line = await openLine(database.url)
      server = await startServer({ database: engine, databaseUrl: line.url })
      client = await server.admin.createClient({
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      })
      person = await server.admin.createUser()
      const tokens = await server.oauth.obtainTokens(client, person, { extra: { scope: 'openid offline_access' } })
      refreshToken = tokens.refresh_token
    })
    afterEach(async () => {
      line.mend()
      await eventually(server, '/ready', 200)
    })
    after(async () => {
      await server.close()
      await line.close()
      await database.drop()
    })

    for (const trouble of troubles) {
      const begin = (): void => line[trouble]()

      test(`R-2 F-4 – a decision that needs the database is refused with 503 and Retry-After (${trouble})`, async () => {
        begin()
        const answers = await Promise.all([
          server.oauth.refresh(client, refreshToken),
          server.request('POST', '/login?realm=main', {
            headers: { authorization: basic(person.username, person.password) },
          }),
          server.request('POST', '/par', {
            headers: { authorization: clientBasic(client.client_id, client.client_secret ?? '') },
            form: server.oauth.authorizationParameters(client, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
          }),
        ])
        for (const answer of answers) {
          assert.equal(answer.status, 503, answer.body)
          assert.equal(answer.json().error, 'temporarily_unavailable')
          assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
          assert.doesNotMatch(answer.body, /token"|session/)
        }
      })

      test(`R-6 – /ready says 503, /live 200, and the public documents stay (${trouble})`, async () => {
        assert.equal((await server.request('GET', '/jwks.json')).status, 200)
        begin()
        const ready = await server.request('GET', '/ready')
        assert.equal(ready.status, 503)
        assert.equal(ready.json<{ checks: Record<string, string> }>().checks.database, 'unavailable')
        assert.equal((await server.request('GET', '/live')).status, 200)
        for (const path of ['/.well-known/openid-configuration', '/jwks.json'])
          assert.equal((await server.request('GET', path)).status, 200, path)
      })

      test(`F-1 – it works again by itself afterwards, and the refused refresh has changed nothing (${trouble})`, async () => {
        begin()
        assert.equal((await server.oauth.refresh(client, refreshToken)).status, 503)
        line.mend()
        await eventually(server, '/ready', 200)
        const answer = await server.oauth.refresh(client, refreshToken)
        assert.equal(answer.status, 200, answer.body)
        refreshToken = answer.json<{ refresh_token: string }>().refresh_token
      })
    }
  })
}

describe('trouble with the session store in Redis', { skip: skipWithout('redis' satisfies BackendName) }, () => {
  let line: Line
  let server: TestServer
  let person: Person
  let browser: Browser

  before(async () => {
    line = await openLine(backend('redis')?.url ?? '')
    server = await startServer({
      config: { sessions_store_params: { backend: 'redis', connection_url: line.url } },
    })
    person = await server.admin.createUser()
    browser = server.browser()
    const authorization = basic(person.username, person.password)
    await browser.request('POST', '/login?realm=main', { headers: { authorization } })
  })
  afterEach(async () => {
    line.mend()
    await eventually(server, '/ready', 200)
  })
  after(async () => {
    await server.close()
    await line.close()
  })

  for (const trouble of troubles) {
    test(`R-2 F-6 – a session that cannot be looked up is no session: 503, and no client is let in (${trouble})`, async () => {
      assert.equal((await browser.request('GET', '/whoami?realm=main')).status, 200)
      line[trouble]()
      const answer = await browser.request('GET', '/whoami?realm=main')
      assert.equal(answer.status, 503, answer.body)
      assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
      line.mend()
      await eventually(server, '/ready', 200)
      assert.equal((await browser.request('GET', '/whoami?realm=main')).status, 200)
    })

    test(`R-6 – /ready names the session store (${trouble})`, async () => {
      line[trouble]()
      const ready = await server.request('GET', '/ready')
      assert.equal(ready.status, 503)
      const { checks } = ready.json<{ checks: Record<string, string> }>()
      assert.equal(checks.sessions, 'unavailable')
      assert.equal(checks.database, 'ok')
    })

    test(`F-6 – what needs no session goes on (${trouble})`, async () => {
      const client = await server.admin.createClient({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: '',
      })
      line[trouble]()
      assert.equal((await server.oauth.token(client, { grant_type: 'client_credentials' })).status, 200)
    })
  }
})
