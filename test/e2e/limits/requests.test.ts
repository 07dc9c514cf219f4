/** RFC 6585 §4 – how often a source, a realm and a client may ask, on the real server; addresses come from a trusted proxy. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { RateLimitParams } from '../../../src/config/schema.ts'
import { type Answer, clientBasic, errorCodeOf, type RequestOptions } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { openConnection, readToEnd, sendHttp2, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const MACHINE = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'api' }

describe('limits on requests', () => {
  let server: TestServer
  let client: TestClient
  let favoured: TestClient
  let inShop: TestClient
  let now = Date.now()
  let host = 0

  before(async () => {
    server = await startServer({
      clock: { now: () => now },
      config: { server_params: { trusted_proxies: ['127.0.0.1/32'] } },
    })
    await server.admin.createRealm({
      id: 'shop',
      auth_params: {},
      session_max_age_seconds: 600,
      session_max_stale_age_seconds: 60,
    })
    client = await server.admin.createClient(MACHINE)
    favoured = await server.admin.createClient({
      ...MACHINE,
      rate_limit: { requests_per_second: 7, burst_size: 9 },
    })
    inShop = await server.admin.createClient(MACHINE, 'shop')
  })
  after(() => server.close())
  beforeEach(() => {
    host += 1
    now += 120_000
  })
  afterEach(() => server.deps.rateLimits.reload({}))

  const limitTo = (params: RateLimitParams): void => server.deps.rateLimits.reload(params)

  /** A new address for each test. */
  const source = (): string => `203.0.113.${host}`

  const ask = (path: string, options: RequestOptions = {}, from = source()): Promise<Answer> =>
    server.request('GET', path, { ...options, headers: { 'x-forwarded-for': from, ...options.headers } })

  const token = (of: TestClient, { from = source(), secret = of.client_secret ?? '', path = '/token' } = {}) =>
    server.request('POST', path, {
      headers: { 'x-forwarded-for': from, authorization: clientBasic(of.client_id, secret) },
      form: { grant_type: 'client_credentials' },
    })

  const statuses = async (times: number, work: () => Promise<Answer>): Promise<number[]> => {
    const answers: number[] = []
    for (let time = 0; time < times; time++) answers.push((await work()).status)
    return answers
  }

  const passed = async (times: number, work: () => Promise<Answer>): Promise<number> =>
    (await statuses(times, work)).filter((status) => status !== 429).length

  const events = async (realm: string) =>
    (await server.store.realm(realm).audit.list({ limit: 200 })).items.filter(
      ({ type }) => type === 'rate_limit.reached',
    )

  test('a limit of a client that nobody could mean is refused with its name', async () => {
    for (const rate_limit of [{}, { requests_per_second: 0 }, { requests_per_second: 1, burst_size: 601 }, 5]) {
      const answer = await server.admin.request('POST', '/admin/realm/main/client', {
        json: { ...MACHINE, rate_limit },
      })
      assert.ok([400, 422].includes(answer.status), answer.body)
      assert.match(answer.body, /rate_limit/)
    }
  })

  test('nothing is refused that no key limits', async () => {
    assert.equal(await passed(50, () => ask('/whoami?realm=main')), 50)
  })

  test('a source has its burst, then 429 and the time to wait, and after it the next one', async () => {
    limitTo({ requests_per_second: 1, burst_size: 5 })
    assert.deepEqual(await statuses(5, () => ask('/whoami?realm=main')), [401, 401, 401, 401, 401])
    const refused = await ask('/whoami?realm=main')
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '1')
    assert.equal(refused.headers['cache-control'], 'no-store')
    assert.equal(refused.json().error, 'too_many_requests')
    assert.equal((await ask('/whoami?realm=main', {}, '203.0.113.250')).status, 401)
    now += 1_000
    assert.deepEqual(await statuses(2, () => ask('/whoami?realm=main')), [401, 429])
  })

  test('T-BF-06 the addresses of one IPv6 network are one source, and the next network is another', async () => {
    limitTo({ requests_per_second: 1, burst_size: 5 })
    let address = 0
    const inNetwork = (network: number) => () => ask('/whoami?realm=main', {}, `2001:db8:0:${network}::${++address}`)
    assert.equal(await passed(20, inNetwork(1)), 5)
    assert.equal(await passed(20, inNetwork(2)), 5)
  })

  test('each channel has its own words: JSON, a Bearer resource, a page, an unknown address, over HTTP/2', async () => {
    limitTo({ requests_per_second: 1, burst_size: 1 })
    await ask('/whoami?realm=main')
    for (const path of ['/userinfo', '/whoami?realm=main', '/nothing/here', '/admin/realm']) {
      const answer = await ask(path)
      assert.equal(answer.status, 429, path)
      assert.equal(answer.headers['retry-after'], '1')
      assert.deepEqual(answer.json(), { error: 'too_many_requests', error_description: 'Too many requests' })
      // RFC 6750 §3 – a challenge is for who lacks a right token.
      assert.equal(answer.headers['www-authenticate'], undefined)
    }
    const page = await ask('/authorize?client_id=x')
    assert.equal(page.status, 429)
    assert.equal(page.headers['retry-after'], '1')
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.equal(errorCodeOf(page.body), 'too_many_requests')
    const h2 = await sendHttp2(server, { ':path': '/whoami?realm=main', 'x-forwarded-for': source() })
    assert.equal(h2.status, 429)
    assert.equal(h2.headers['retry-after'], '1')
  })

  test('what is refused is refused before its body is there, and before its client is looked for', async () => {
    limitTo({ requests_per_second: 1, burst_size: 1 })
    await ask('/whoami?realm=main')
    const socket = await openConnection(server)
    const answer = readToEnd(socket)
    const { host: authority } = new URL(server.issuer)
    const type = 'Content-Type: application/x-www-form-urlencoded'
    socket.write(
      `POST /token HTTP/1.1\r\nHost: ${authority}\r\nX-Forwarded-For: ${source()}\r\n${type}\r\nContent-Length: 60000\r\nConnection: close\r\n\r\n`,
    )
    assert.equal(statusOf(await answer), 429)
  })

  test('probes are never refused, and the public documents have a bucket of their own, ten times as large', async () => {
    limitTo({ requests_per_second: 1, burst_size: 2 })
    await passed(5, () => ask('/whoami?realm=main'))
    for (const path of ['/live', '/ready', '/health']) assert.equal((await ask(path)).status, 200)
    const documents = [
      '/jwks.json',
      '/.well-known/openid-configuration',
      '/realms/shop/jwks.json',
      '/sessions/jwks.json',
    ]
    let turn = 0
    assert.equal(await passed(40, () => ask(documents[turn++ % documents.length] ?? '')), 20)
    assert.equal((await ask('/live')).status, 200)
  })

  test('a realm with a rate of its own is counted by itself, wherever its name stands', async () => {
    limitTo({ requests_per_second: 1, burst_size: 2, realms: { shop: { requests_per_second: 1, burst_size: 6 } } })
    assert.equal(await passed(10, () => ask('/whoami?realm=main')), 2)
    assert.equal(await passed(3, () => ask('/whoami?realm=shop')), 3)
    assert.equal(await passed(10, () => ask('/realms/shop/userinfo')), 3)
  })

  test('a realm takes so much from all sources together, and the others go on', async () => {
    limitTo({ realms: { shop: { realm_requests_per_second: 1, realm_burst_size: 5 } } })
    let address = 0
    const fromAnywhere = (realm: string) => () => ask(`/whoami?realm=${realm}`, {}, `198.51.100.${++address}`)
    assert.equal(await passed(20, fromAnywhere('shop')), 5)
    assert.equal(await passed(20, fromAnywhere('main')), 20)
  })

  test('a client has its limit, a wrong secret counts, and the number registered of it goes first', async () => {
    limitTo({
      client_requests_per_second: 1,
      client_burst_size: 4,
      realms: { shop: { client_requests_per_second: 2 } },
    })
    assert.deepEqual(await statuses(2, () => token(client)), [200, 200])
    assert.deepEqual(await statuses(2, () => token(client, { secret: 'wrong' })), [401, 401])
    const refused = await token(client)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '1')
    assert.equal(refused.json().error, 'too_many_requests')
    assert.equal(await passed(20, () => token(favoured)), 9)
    assert.equal(await passed(20, () => token(inShop, { path: '/realms/shop/token' })), 2)
    now += 1_000
    assert.deepEqual(await statuses(2, () => token(client)), [200, 429])
  })

  test('T-CA-10 N-21-08 OAuth 2.1 §2.4.1 – without any limit set ten wrong secrets of a client stop its source alone', async () => {
    assert.deepEqual(new Set(await statuses(10, () => token(client, { secret: 'wrong' }))), new Set([401]))
    const refused = await token(client)
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60)
    assert.equal((await token(client, { from: '198.51.100.77' })).status, 200)
    assert.equal((await token(favoured)).status, 200)
    now += 60_000
    assert.equal((await token(client)).status, 200)
  })

  test('a flood is one line and one event a minute, not one a request', async () => {
    limitTo({ requests_per_second: 1, burst_size: 1 })
    const lines = server.logs.length
    const before = (await events('main')).length
    await passed(101, () => ask('/whoami?realm=main'))
    const said = server.logs.slice(lines)
    assert.equal(said.filter((line) => line.includes('"a rate limit was reached"')).length, 1)
    assert.equal(said.filter((line) => line.includes('"request"')).length, 1)
    const [event] = await events('main')
    assert.equal((await events('main')).length - before, 1)
    assert.equal(event?.outcome, 'failure')
    assert.equal(event?.ip, source())
    assert.deepEqual(event?.detail, { limit: 'source' })
    now += 60_000
    await passed(101, () => ask('/whoami?realm=main'))
    assert.equal((await events('main')).length - before, 2)
    assert.match(server.logs.filter((line) => line.includes('rate limit')).at(-1) ?? '', /"refused_before":99/)
  })

  test('T-BF-06 what a realm that does not exist is asked is on record where the server is administered', async () => {
    limitTo({ requests_per_second: 1, burst_size: 1 })
    const before = (await events('_')).length
    await passed(3, () => ask('/realms/nowhere/userinfo'))
    assert.equal((await events('_')).length - before, 1)
  })

  test('T-IS-04 – without a trusted proxy an X-Forwarded-For buys no other bucket', async (t) => {
    const alone = await startServer({ config: { rate_limit_params: { requests_per_second: 1, burst_size: 600 } } })
    t.after(() => alone.close())
    const answers = await Promise.all(
      Array.from({ length: 700 }, (_, index) =>
        alone.request('GET', '/public/nothing', { headers: { 'x-forwarded-for': `198.51.100.${index % 256}` } }),
      ),
    )
    assert.ok(answers.some(({ status }) => status === 429))
  })
})
