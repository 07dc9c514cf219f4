/** Bytes that are no good HTTP, on real connections: each is refused or cut off, and the next caller notices nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openConnection, readToEnd, sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

describe('hostile input on the connection', () => {
  let server: TestServer
  let host: string

  before(async () => {
    server = await startServer({ config: { server_params: { request_timeout_secs: 1 } } })
    host = new URL(server.issuer).host
  })
  after(() => server.close())

  const isAlive = async (): Promise<void> => {
    assert.equal((await server.request('GET', '/live')).status, 200)
  }

  const request = (line: string, headers: string[] = [], body = ''): string =>
    [line, `Host: ${host}`, 'Connection: close', ...headers, '', body].join('\r\n')

  const refused: [string, () => string][] = [
    ['a request that is none', () => 'hello\r\n\r\n'],
    ['HTTP of another version', () => request('GET /live HTTP/9.9')],
    ['a header without a colon', () => request('GET /live HTTP/1.1', ['nonsense'])],
    ['a space before the colon', () => request('GET /live HTTP/1.1', ['X-A : 1'])],
    ['a NUL in a header', () => request('GET /live HTTP/1.1', ['X-A: a\0b'])],
    ['a bare CR in a header', () => request('GET /live HTTP/1.1', ['X-A: a\rX-B: b'])],
    ['headers of 64 KiB', () => request('GET /live HTTP/1.1', [`X-A: ${'a'.repeat(65_536)}`])],
    [
      '2,000 headers',
      () =>
        request(
          'GET /live HTTP/1.1',
          Array.from({ length: 2_000 }, (_, index) => `X-${index}: ${'b'.repeat(20)}`),
        ),
    ],
    ['a cookie of 32 KiB', () => request('GET /authorize HTTP/1.1', [`Cookie: a=${'b'.repeat(32_768)}`])],
    ['a target of 64 KiB', () => request(`GET /${'a'.repeat(65_536)} HTTP/1.1`)],
    ['a space in the target', () => request('GET /li ve HTTP/1.1')],
    [
      'two lengths that differ',
      () => request('POST /token HTTP/1.1', ['Content-Length: 3', 'Content-Length: 4'], 'a=1'),
    ],
    [
      'a length and chunks',
      () => request('POST /token HTTP/1.1', ['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ],
    ['a length that is no number', () => request('POST /token HTTP/1.1', ['Content-Length: 3a'], 'a=1')],
    ['a negative length', () => request('POST /token HTTP/1.1', ['Content-Length: -1'], 'a=1')],
    [
      'a length beyond reason',
      () =>
        request(
          'POST /token HTTP/1.1',
          ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 99999999999'],
          'a=1',
        ),
    ],
    ['chunks under another name', () => request('POST /token HTTP/1.1', ['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
    ['chunks twice', () => request('POST /token HTTP/1.1', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n')],
    [
      'a chunk of no hex length',
      () =>
        request(
          'POST /token HTTP/1.1',
          ['Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked'],
          'zz\r\na\r\n0\r\n\r\n',
        ),
    ],
    [
      'chunks without end',
      () =>
        request(
          'POST /token HTTP/1.1',
          ['Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked'],
          `${'ffff\r\n'}${'a'.repeat(65_535)}\r\n${'ffff\r\n'}${'a'.repeat(65_535)}\r\n`,
        ),
    ],
    ['no host', () => 'GET /jwks.json HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', () => request('GET /jwks.json HTTP/1.1', ['Host: evil.example'])],
    ['the host of another', () => 'GET /jwks.json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
    ['an unknown method', () => request('BREW /token HTTP/1.1')],
    ['TRACE', () => request('TRACE /token HTTP/1.1')],
    ['PROPFIND', () => request('PROPFIND /token HTTP/1.1')],
    ['PATCH', () => request('PATCH /token HTTP/1.1')],
    ['CONNECT', () => request('CONNECT localhost:1 HTTP/1.1')],
    [
      'an expectation that nobody meets',
      () => request('POST /token HTTP/1.1', ['Expect: wonders', 'Content-Length: 0']),
    ],
    ['a path that climbs', () => request('GET /jwks.json/../admin/realm HTTP/1.1')],
    ['a path in escapes that climbs', () => request('GET /%2e%2e/jwks.json HTTP/1.1')],
    ['a path with a matrix parameter', () => request('GET /jwks.json;a=b HTTP/1.1')],
    ['a doubled slash', () => request('GET //jwks.json HTTP/1.1')],
    ['a slash at the end', () => request('GET /jwks.json/ HTTP/1.1')],
    ['a path in capitals', () => request('GET /JWKS.JSON HTTP/1.1')],
    ['a malformed escape in the path', () => request('GET /realms/%zz/jwks.json HTTP/1.1')],
    ['a NUL in the path', () => request('GET /realms/%00/jwks.json HTTP/1.1')],
    ['a backslash in the path', () => request('GET /realms\\main/jwks.json HTTP/1.1')],
  ]

  for (const [what, bytes] of refused) {
    test(`T-HT-01 T-HT-05 T-HT-06 T-HT-10 – ${what} is refused`, async () => {
      const answer = await sendRaw(server, bytes())
      const status = statusOf(answer)
      assert.ok(status === 0 || (status >= 400 && status < 500), answer.slice(0, 300))
      await isAlive()
    })
  }

  test('T-HT-01 – what follows a refused request on its connection is not read as another one', async () => {
    const smuggled = `GET /live HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    const answer = await sendRaw(
      server,
      `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    )
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length ?? 0, 1, answer)
  })

  test('T-HT-03 – a body that drips is cut off when the request timeout is over', async () => {
    const socket = await openConnection(server)
    const answer = readToEnd(socket)
    socket.write(
      `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n`,
    )
    const drip = setInterval(() => socket.writable && socket.write('a'), 100)
    const status = statusOf(await answer)
    clearInterval(drip)
    assert.ok(status === 0 || status === 408 || status === 400, String(status))
    await isAlive()
  })

  test('T-HT-03 – headers that drip are cut off when the request timeout is over', async () => {
    const socket = await openConnection(server)
    const answer = readToEnd(socket)
    socket.write(`GET /live HTTP/1.1\r\nHost: ${host}\r\nX-A: `)
    const drip = setInterval(() => socket.writable && socket.write('a'), 100)
    const status = statusOf(await answer)
    clearInterval(drip)
    assert.ok(status === 0 || status === 408 || status === 400, String(status))
    await isAlive()
  })

  test('T-HT-11 – connections that break off anywhere leave nothing behind', async () => {
    const whole = request(
      'POST /token HTTP/1.1',
      ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 29'],
      'grant_type=client_credentials',
    )
    for (let length = 0; length <= whole.length; length += 7) {
      const socket = await openConnection(server)
      socket.write(whole.slice(0, length))
      if (length % 2 === 0) socket.destroy()
      else socket.end(() => socket.destroy())
    }
    await isAlive()
  })

  test('T-HT-04 – bytes that are no TLS, and handshakes that stop, end with nothing said', async () => {
    const { port } = new URL(server.issuer)
    const bytes = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(600, 0x16),
      Buffer.from([0x16, 3, 1, 0xff, 0xff, 1]),
      Buffer.alloc(0),
    ]
    for (const part of bytes) {
      const socket = connectTcp(Number(port), '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      socket.write(part)
      await delay(20)
      socket.destroy()
    }
    await isAlive()
  })

  test('T-IS-01 – no header about another host, address or scheme changes what is answered', async () => {
    const plain = await server.request('GET', '/.well-known/openid-configuration')
    const hostile = await server.request('GET', '/.well-known/openid-configuration', {
      headers: {
        forwarded: 'for=1.2.3.4;host=evil.example;proto=http',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': '1',
        'x-forwarded-prefix': '/evil',
        'x-original-url': '/evil',
        'x-rewrite-url': '/evil',
      },
    })
    assert.equal(hostile.status, 200)
    assert.equal(hostile.body, plain.body)
    assert.doesNotMatch(hostile.body, /evil/)
  })
})
