/** L-4 to L-6: two processes on one database. What may be used once is used once, whichever of them is asked. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, type Browser, createBrowser, send } from '../../support/client.ts'
import { allAtOnce, tally } from '../../support/contest.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { freePort } from '../../support/ports.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../../support/server.ts'

const engines = [
  { engine: 'sqlite', skip: false },
  { engine: 'postgresql', skip: skipWithout('postgresql') },
  { engine: 'mysql', skip: skipWithout('mysql') },
] as const

const ARTIFACTS = 8
const CALLERS = 24

const statuses = (answers: readonly Answer[]): string => [...tally(answers.map(({ status }) => status))].join(' ')

for (const { engine, skip } of engines) {
  describe(`two processes on one ${engine} database`, { skip }, () => {
    let prepared: Prepared[]
    let nodes: ServerProcess[]
    let client: TestClient
    let person: Person
    let browser: Browser

    const nodeFor = (index: number): ServerProcess => {
      const node = nodes[index % nodes.length]
      assert.ok(node)
      return node
    }

    before(async () => {
      const ports = [await freePort(), await freePort()]
      const server_params = { allowed_hosts: ports.map((port) => `localhost:${port}`) }
      const common = { oauth_params: { issuer: `https://localhost:${ports[0]}` }, server_params }
      const first = await prepareServer({ database: engine, config: { ...common, host_port: ports[0] } })
      const second = await prepareServer({
        database: engine,
        databaseUrl: first.databaseUrl,
        config: { ...common, host_port: ports[1] },
      })
      prepared = [second, first]
      // Together, on an empty database: only one may bring its schema up to date.
      nodes = await Promise.all([first, second].map((one) => startServerProcess({ prepared: one })))
      const { admin } = nodeFor(0)
      client = await admin.createClient()
      person = await admin.createUser()
      browser = createBrowser(nodeFor(0))
    })
    after(async () => {
      for (const node of nodes ?? []) await node.close()
      for (const one of prepared ?? []) await one.remove()
    })

    const obtainCode = async (challenge: string): Promise<string> => {
      const { oauth } = nodeFor(0)
      const parameters = oauth.authorizationParameters(client, challenge, { scope: 'openid offline_access' })
      return await oauth.obtainCode(browser, client, parameters, person)
    }

    test('T-AC-01 RFC 6749 §4.1.2 – of many redemptions of one code exactly one succeeds, and its tokens end', async () => {
      for (let artifact = 0; artifact < ARTIFACTS; artifact++) {
        const { verifier, challenge } = createPkce()
        const code = await obtainCode(challenge)
        const answers = await allAtOnce(CALLERS, (index) => nodeFor(index).oauth.redeem(client, code, verifier))
        const won = answers.filter(({ status }) => status === 200)
        assert.equal(won.length, 1, statuses(answers))
        for (const answer of answers) if (answer.status !== 200) assert.equal(answer.json().error, 'invalid_grant')
        // RFC 6749 §4.1.2 – the replay was valid in every respect but one, so what the code gave is revoked.
        const refreshToken = won[0]?.json<{ refresh_token: string }>().refresh_token ?? ''
        assert.equal((await nodeFor(artifact).oauth.refresh(client, refreshToken)).status, 400)
      }
    })

    test('T-RT-01 OAuth 2.1 §4.3.1 – of many refreshes of one token at most one family goes on', async () => {
      for (let artifact = 0; artifact < ARTIFACTS; artifact++) {
        const tokens = await nodeFor(0).oauth.obtainTokens(client, person, {
          browser,
          extra: { scope: 'openid offline_access' },
        })
        const answers = await allAtOnce(CALLERS, (index) => nodeFor(index).oauth.refresh(client, tokens.refresh_token))
        const won = answers.filter(({ status }) => status === 200)
        assert.ok(won.length >= 1, statuses(answers))
        for (const answer of answers) if (answer.status !== 200) assert.equal(answer.json().error, 'invalid_grant')
        // A lost answer may be asked for again, and then gives the same successor: never a second head.
        const successors = tally(won.map((answer) => answer.json<{ refresh_token: string }>().refresh_token))
        assert.equal(successors.size, 1, statuses(answers))
      }
    })

    test('T-PA-02 RFC 9126 §4 – of many completions of one pushed request exactly one gives a code', async () => {
      const registered = await nodeFor(0).admin.createClient({ consent: 'skip', token_endpoint_auth_method: 'none' })
      const { oauth } = nodeFor(0)
      // Signs in, so that every completion below is a single request.
      await oauth.obtainCode(
        browser,
        registered,
        oauth.authorizationParameters(registered, createPkce().challenge),
        person,
      )
      for (let artifact = 0; artifact < ARTIFACTS; artifact++) {
        const pushed = await nodeFor(artifact).request('POST', '/par', {
          form: oauth.authorizationParameters(registered, createPkce().challenge),
        })
        const { request_uri } = pushed.json<{ request_uri: string }>()
        const query = new URLSearchParams({ client_id: registered.client_id, request_uri })
        const answers = await allAtOnce(CALLERS, (index) =>
          send(nodeFor(index), 'GET', `/authorize?${query}`, { cookie: browser.cookie() }),
        )
        const codes = answers.filter(({ headers }) => /[?&]code=/.test(headers.location ?? ''))
        assert.equal(codes.length, 1, statuses(answers))
        for (const answer of answers) assert.ok(answer.status < 500, answer.body)
      }
    })

    test('T-CA-02 RFC 7523 §3 – of many uses of one client assertion exactly one is accepted', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const registered = await nodeFor(0).admin.createClient({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }] },
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: '',
      })
      const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      for (let artifact = 0; artifact < ARTIFACTS; artifact++) {
        const now = Math.floor(Date.now() / 1000)
        const { client_id } = registered
        const claims = {
          iss: client_id,
          sub: client_id,
          aud: prepared[1]?.issuer,
          jti: randomUUID(),
          iat: now,
          exp: now + 60,
        }
        const input = `${part({ alg: 'ES256', kid: 'a' })}.${part(claims)}`
        const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
        const form = {
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: `${input}.${signature.toString('base64url')}`,
        }
        const answers = await allAtOnce(CALLERS, (index) => nodeFor(index).request('POST', '/token', { form }))
        assert.equal(answers.filter(({ status }) => status === 200).length, 1, statuses(answers))
        for (const answer of answers) if (answer.status !== 200) assert.equal(answer.json().error, 'invalid_client')
      }
    })

    test('P-9 – what an administrator changes at one process holds at the other within a second', async () => {
      const registered = await nodeFor(0).admin.createClient({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: '',
      })
      const ask = (): Promise<Answer> => nodeFor(1).oauth.token(registered, { grant_type: 'client_credentials' })
      assert.equal((await ask()).status, 200)
      const gone = await nodeFor(0).admin.request('DELETE', `/admin/realm/main/client/${registered.client_id}`)
      assert.equal(gone.status, 204)
      await delay(1_000)
      assert.equal((await ask()).status, 401)
    })
  })
}
