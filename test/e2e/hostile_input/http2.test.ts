/** The same over HTTP/2, whose framing is another program. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sendHttp2 } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

describe('hostile input over HTTP/2', () => {
  let server: TestServer

  before(async () => {
    server = await startServer({ config: { server_params: { request_timeout_secs: 1 } } })
  })
  after(() => server.close())

  const isAlive = async (): Promise<void> => {
    assert.equal((await sendHttp2(server, { ':path': '/live' })).status, 200)
    assert.equal((await server.request('GET', '/live')).status, 200)
  }

  const refused: [string, Record<string, string>, string][] = [
    ['a repeated parameter', { ':method': 'POST', ':path': '/token', ...FORM }, 'grant_type=a&grant_type=a'],
    ['a malformed escape', { ':method': 'POST', ':path': '/token', ...FORM }, 'grant_type=%'],
    ['a NUL', { ':method': 'POST', ':path': '/token', ...FORM }, 'grant_type=%00'],
    ['100,000 pairs', { ':method': 'POST', ':path': '/token', ...FORM }, 'a=1&'.repeat(100_000)],
    ['a body of another type', { ':method': 'POST', ':path': '/token', 'content-type': 'text/plain' }, 'grant_type=a'],
    ['an unknown method', { ':method': 'BREW', ':path': '/token' }, ''],
    ['TRACE', { ':method': 'TRACE', ':path': '/token' }, ''],
    ['PATCH', { ':method': 'PATCH', ':path': '/token' }, ''],
    ['an authority of another', { ':authority': 'evil.example', ':path': '/jwks.json' }, ''],
    ['a host beside the authority', { host: 'evil.example', ':path': '/jwks.json' }, ''],
    ['a path that climbs', { ':path': '/jwks.json/../admin/realm' }, ''],
    ['a header of 80 KiB', { ':path': '/jwks.json', 'x-a': 'a'.repeat(81_920) }, ''],
    ['a cookie of 20 KiB', { ':path': '/authorize', cookie: `a=${'b'.repeat(20_480)}` }, ''],
    ['a target of 20 KiB', { ':path': `/${'a'.repeat(20_480)}` }, ''],
  ]

  for (const [what, headers, body] of refused) {
    test(`RFC 9113 §8.1 T-HT-02 – ${what} is refused`, async () => {
      const { status } = await sendHttp2(server, headers, body)
      assert.ok(status === 0 || (status >= 400 && status < 500), String(status))
      await isAlive()
    })
  }

  test('RFC 9113 §8.1 – what is right is answered', async () => {
    const answer = await sendHttp2(server, { ':path': '/.well-known/openid-configuration' })
    assert.equal(answer.status, 200)
    assert.equal((JSON.parse(answer.body) as { issuer: string }).issuer, server.issuer)
  })

  test('T-HT-03 – a body that drips is cut off when the request timeout is over', async () => {
    const session = connect(server.issuer, { ca: server.ca })
    session.on('error', () => undefined)
    const stream = session.request({ ':method': 'POST', ':path': '/token', ...FORM, 'content-length': '1000' })
    stream.on('error', () => undefined).resume()
    const drip = setInterval(() => stream.writable && stream.write('a'), 100)
    await new Promise((resolve) => stream.once('close', resolve))
    clearInterval(drip)
    session.destroy()
    await isAlive()
  })

  test('T-HT-02 – streams that are reset as soon as they are opened do not stop the server', async () => {
    const session = connect(server.issuer, { ca: server.ca })
    session.on('error', () => undefined)
    await once(session, 'connect')
    for (let index = 0; index < 1_000 && !session.closed; index++) {
      const stream = session.request({ ':path': '/jwks.json' })
      stream.on('error', () => undefined)
      stream.close(constants.NGHTTP2_CANCEL)
    }
    session.destroy()
    await isAlive()
  })

  test('F-25 T-HT-02 – a request leaves nothing in memory, on a connection that goes on or one that ended', async (t) => {
    const quiet = await startServer({ config: { log_params: { level: 'error', pretty: false } } })
    t.after(() => quiet.close())
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void

    const ask = async (session: ClientHttp2Session): Promise<void> => {
      const stream = session.request({ ':path': '/live' }).resume()
      await once(stream, 'close')
    }
    const askOften = async (times: number): Promise<void> => {
      const session = connect(quiet.issuer, { ca: quiet.ca })
      for (let count = 0; count < times; count += 50) await Promise.all(Array.from({ length: 50 }, () => ask(session)))
      session.close()
      await once(session, 'close')
    }
    const used = async (): Promise<number> => {
      for (let turn = 0; turn < 5; turn++) {
        await delay(20)
        collect()
      }
      return process.memoryUsage().heapUsed
    }

    await askOften(2_000)
    const before = await used()
    await askOften(4_000)
    const bytes = ((await used()) - before) / 4_000
    assert.ok(bytes < 500, `${Math.round(bytes)} bytes a request are still held`)
  })
})
