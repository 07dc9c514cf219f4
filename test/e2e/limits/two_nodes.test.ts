/** T-BF-03, T-CA-10 – two servers as processes of their own: with the sessions in Redis a limit is one limit, otherwise one a node. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, basic, clientBasic, type RequestOptions, send } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { prepareServer, type ServerProcess, startServerProcess } from '../../support/server.ts'

/** Redis is everybody's: what other runs counted there is of other networks and other names. */
const RUN = randomBytes(4).toString('hex')

for (const sessions of ['redis', undefined] as const)
  describe(sessions ? 'limits of two nodes that share Redis' : 'limits of two nodes that share a database alone', {
    skip: sessions ? skipWithout('redis') : false,
  }, () => {
    const config = {
      server_params: { trusted_proxies: ['127.0.0.1/32'] },
      rate_limit_params: { requests_per_second: 1, burst_size: 300 },
      // So that the guesses of the test fit into the queue, and are refused by the limit alone.
      password_hashing_params: { max_queue: 500 },
    }
    let first: ServerProcess
    let second: ServerProcess
    let person: Person
    let client: TestClient
    let host: string
    let networks = 0

    before(async () => {
      const where = sessions ? { sessions } : {}
      first = await startServerProcess({ ...where, config })
      const same = { ...config, oauth_params: { issuer: first.issuer } }
      const prepared = await prepareServer({ ...where, databaseUrl: first.prepared.databaseUrl, config: same })
      second = await startServerProcess({ prepared })
      host = new URL(first.issuer).host
      person = await first.admin.createUser({ username: `alice-${RUN}` })
      client = await first.admin.createClient({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: 'api',
      })
    })
    after(async () => {
      await second?.close()
      await second?.prepared.remove()
      await first?.close()
    })

    const newSource = (): string => `2001:${RUN.slice(0, 4)}:${RUN.slice(4)}:${(++networks).toString(16)}::1`

    const call = (turn: number, method: string, path: string, options: RequestOptions): Promise<Answer> =>
      send(turn % 2 === 0 ? first : second, method, path, { ...options, headers: { host, ...options.headers } })

    const count = (answers: Answer[], status: number): number =>
      answers.filter((answer) => answer.status === status).length

    test('T-BF-03 – 200 wrong passwords at the same time are ten verifications, or ten a node', async () => {
      const from = newSource()
      const headers = { authorization: basic(person.username, 'a wrong password'), 'x-forwarded-for': from }
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, turn) => call(turn, 'POST', '/login?realm=main', { headers })),
      )
      assert.equal(count(answers, 401), sessions ? 10 : 20)
      assert.equal(count(answers, 429), sessions ? 190 : 180)
      for (const answer of answers.filter(({ status }) => status === 429)) assert.ok(answer.headers['retry-after'])
    })

    test('T-CA-10 – what one node saw fail the other one learns with the first failure of its own', async () => {
      const from = newSource()
      const token = (turn: number, secret: string) =>
        call(turn, 'POST', '/token', {
          headers: { authorization: clientBasic(client.client_id, secret), 'x-forwarded-for': from },
          form: { grant_type: 'client_credentials' },
        })
      for (let time = 0; time < 10; time++) assert.equal((await token(0, 'wrong')).status, 401)
      assert.equal((await token(0, client.client_secret ?? '')).status, 429)
      assert.equal((await token(1, 'wrong')).status, 401)
      assert.equal((await token(1, client.client_secret ?? '')).status, sessions ? 429 : 200)
    })

    test('RFC 6585 §4 – a burst is one burst, or one a node', async () => {
      const from = newSource()
      const answers = await Promise.all(
        Array.from({ length: 800 }, (_, turn) =>
          call(turn, 'GET', '/whoami?realm=main', { headers: { 'x-forwarded-for': from } }),
        ),
      )
      const passed = count(answers, 401)
      const bursts = sessions ? 1 : 2
      assert.equal(passed + count(answers, 429), 800)
      // A token comes back each second that the requests take.
      assert.ok(passed >= 300 * bursts && passed < 300 * bursts + 90, `${passed} passed`)
    })
  })
