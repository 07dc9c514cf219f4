/** T-SS – fetches whose URL somebody else chose, against real servers on this machine and a resolver of the test's own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ensureCertificates } from '../../../src/cli/certificates.ts'
import { systemClock } from '../../../src/system/clock.ts'
import {
  createOutbound,
  OUTBOUND_LIMITS,
  type OutboundDeps,
  OutboundError,
  type Resolve,
} from '../../../src/system/outbound.ts'

const HERE = '127.0.0.1'
const METADATA = '169.254.169.254'

describe('outbound fetches', () => {
  let folder: string
  let pem: { key: string; cert: string; ca: string }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auth_server_outbound-'))
    await ensureCertificates(folder, systemClock)
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    pem = { key: read('server.key'), cert: read('server.crt'), ca: read('ca.crt') }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const listen = async (t: TestContext, server: Server, host = HERE): Promise<number> => {
    server.listen(0, host)
    await once(server, 'listening')
    t.after(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    return (server.address() as AddressInfo).port
  }

  /** An https server, and how many connections it has seen. */
  const serve = async (t: TestContext, listener: RequestListener, host = HERE) => {
    const server = createTlsServer({ key: pem.key, cert: pem.cert }, listener)
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    const port = await listen(t, server, host)
    return { port, url: `https://localhost:${port}/jwks`, connections: () => connections }
  }

  const answering =
    (resolve: readonly string[]): Resolve =>
    async () =>
      resolve

  const outboundTo = (changes: Partial<OutboundDeps> = {}) =>
    createOutbound({
      allowLoopback: true,
      allowedNetworks: [],
      resolve: answering([HERE]),
      ca: pem.ca,
      ...changes,
    })

  /** Fails in the one way there is, and gives the reason that the log sees. */
  const refusal = async (fetching: Promise<unknown>): Promise<string> => {
    const error = await fetching.then(
      () => assert.fail('the fetch succeeded'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof OutboundError)
    // T-SS-10 – one text, whatever happened.
    assert.equal(error.message, 'The document could not be fetched')
    return String(error.cause)
  }

  const sendKeys: RequestListener = (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"keys":[]}')
  }

  test('T-SS-01 – no name that leads inside is followed, not even one that leads outside as well', async (t) => {
    const { url, connections } = await serve(t, sendKeys)
    for (const addresses of [[HERE], ['::1'], [METADATA], ['10.0.0.7'], ['93.184.216.34', HERE], []]) {
      const outbound = outboundTo({ allowLoopback: false, resolve: answering(addresses) })
      assert.match(await refusal(outbound.getJson(url)), /an address is not allowed|the name has no address/)
    }
    assert.equal(connections(), 0)
  })

  test('T-SS-02 – an address in disguise is the address', async () => {
    const outbound = outboundTo({ allowLoopback: false, resolve: () => assert.fail('an address was looked up') })
    const hosts = [
      METADATA,
      '[::ffff:169.254.169.254]',
      '[::ffff:a9fe:a9fe]',
      '[64:ff9b::a9fe:a9fe]',
      '[2002:a9fe:a9fe::]',
      '2852039166',
      '0xa9fea9fe',
      '0xa9.0xfe.0xa9.0xfe',
      '0251.0376.0251.0376',
      '169.254.43518',
      '169.254.169.254.',
      '127.1',
      '0',
      '[::]',
      '[::1]',
    ]
    for (const host of hosts)
      assert.match(await refusal(outbound.getJson(`https://${host}/jwks`)), /an address is not allowed/, host)
  })

  test('T-SS-09 – characters that resolvers and parsers read in different ways are refused', async () => {
    const outbound = outboundTo({ resolve: () => assert.fail('something was looked up') })
    const urls = [
      'https://keys.example\0.evil.example/',
      'https://keys.example%00.evil.example/',
      'https://keys.example/%00',
      'https://keys.\nexample/',
      'https://keys.example/\r\nHost: inside',
      'https://keys.\texample/',
      ' https://keys.example/',
      'https://keys。example/',
      'https://user:secret@keys.example/',
      'ftp://keys.example/',
      'file:///etc/passwd',
      'data:application/json,{}',
      'keys.example/jwks',
      '',
    ]
    for (const url of urls) await refusal(outbound.getJson(url))
  })

  test('T-SS-01 – plain http is for this machine in development and for nothing else', async (t) => {
    const port = await listen(t, createPlainServer(sendKeys))
    const url = `http://localhost:${port}/jwks`
    assert.deepEqual(await outboundTo().getJson(url), { keys: [] })
    assert.deepEqual(await outboundTo().getJson(`http://${HERE}:${port}/jwks`), { keys: [] })
    await refusal(outboundTo({ allowLoopback: false }).getJson(url))
    const outside = outboundTo({ resolve: answering(['93.184.216.34']) })
    assert.match(await refusal(outside.getJson('http://keys.example/')), /not https/)
  })

  test('T-SS-03 – a redirect is a failure, and its target hears nothing', async (t) => {
    const target = await serve(t, sendKeys)
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await serve(t, (_request, response) => {
        response.writeHead(status, { location: target.url }).end('{"keys":[]}')
      })
      assert.match(await refusal(outboundTo().getJson(url)), new RegExp(`status is ${status}`))
    }
    assert.equal(target.connections(), 0)
  })

  test('T-SS-04 RFC 8725 §3.10 – a name is looked up once, and the connection goes to what was checked', async (t) => {
    const checked = await serve(t, sendKeys)
    let lookups = 0
    const outbound = outboundTo({
      resolve: async () => {
        lookups += 1
        return lookups === 1 ? [HERE] : [METADATA]
      },
    })
    assert.deepEqual(await outbound.getJson(checked.url), { keys: [] })
    assert.equal(lookups, 1)
    assert.equal(checked.connections(), 1)
    await refusal(outbound.getJson(checked.url))
    assert.equal(checked.connections(), 1)
  })

  test('T-SS-04 – the name stays what the certificate has to prove', async (t) => {
    const { port, url } = await serve(t, sendKeys)
    assert.match(await refusal(outboundTo().getJson(`https://keys.example:${port}/`)), /altnames|ERR_TLS/i)
    assert.match(await refusal(outboundTo({ ca: undefined }).getJson(url)), /certificate/i)
  })

  test('T-SS-07 – a body that is too large is cut off', async (t) => {
    const { url } = await serve(t, (_request, response) => {
      response.setHeader('content-type', 'application/json')
      const more = (): void => {
        while (response.write(' '.repeat(4_096)));
        response.once('drain', more)
      }
      more()
    })
    assert.match(await refusal(outboundTo().getJson(url)), /too large/)
  })

  test('T-SS-07 – a body of exactly the limit is read, and one octet more is not', async (t) => {
    const { url } = await serve(t, (request, response) => {
      const size = Number(request.url?.split('?')[1])
      response.end(`"${'a'.repeat(size - 2)}"`)
    })
    const { maxBytes } = OUTBOUND_LIMITS
    assert.equal(String(await outboundTo().getJson(`${url}?${maxBytes}`)).length, maxBytes - 2)
    assert.match(await refusal(outboundTo().getJson(`${url}?${maxBytes + 1}`)), /too large/)
  })

  test('RFC 9101 §10.4.1 – a text of another media type is refused, and the right ones are asked for', async (t) => {
    const limits = { maxBytes: 10, timeoutMs: 3_000 }
    let accepted: string | undefined
    const { url } = await serve(t, (request, response) => {
      accepted = request.headers.accept
      response.setHeader('content-type', decodeURIComponent(request.url?.split('?')[1] ?? '')).end('a.b.c')
    })
    const get = (type: string) => outboundTo().getText(`${url}?${encodeURIComponent(type)}`, ['a/b', 'c/d+e'], limits)
    for (const type of ['a/bc', 'a/b, c/d+e', 'text/html', 'application/json', '; a/b'])
      assert.match(await refusal(get(type)), /another media type/, type)
    for (const type of ['a/b', 'C/D+E', 'a/b; charset=utf-8', 'a/b;x']) assert.equal(await get(type), 'a.b.c', type)
    assert.equal(accepted, 'a/b, c/d+e')
    const tooLong = outboundTo().getText(`${url}?a%2Fb`, ['a/b'], { ...limits, maxBytes: 4 })
    assert.match(await refusal(tooLong), /too large/)
  })

  test('T-SS-07 – encoded bodies are refused, and none is asked for', async (t) => {
    const encoders = { gzip: gzipSync, br: brotliCompressSync, 'gzip, identity': gzipSync, GZIP: gzipSync }
    for (const [encoding, encode] of Object.entries(encoders)) {
      let accepted: string | undefined
      const { url } = await serve(t, (request, response) => {
        accepted = String(request.headers['accept-encoding'])
        response.setHeader('content-encoding', encoding).end(encode('{"keys":[]}'))
      })
      assert.match(await refusal(outboundTo().getJson(url)), /encoded/)
      assert.equal(accepted, 'identity')
    }
  })

  test('T-SS-07 – an answer that drips, a header that never ends and a name that is never found are given up', async (t) => {
    const limits = { ...OUTBOUND_LIMITS, timeoutMs: 200 }
    const dripping = await serve(t, async (_request, response) => {
      response.write('{')
      while (!response.destroyed) {
        await delay(20)
        response.write(' ')
      }
    })
    assert.match(await refusal(outboundTo().getJson(dripping.url, limits)), /aborted|timeout/i)
    const silent = await serve(t, () => undefined)
    assert.match(await refusal(outboundTo().getJson(silent.url, limits)), /aborted|timeout/i)
    const lost = outboundTo({ resolve: () => new Promise(() => undefined) })
    assert.match(await refusal(lost.getJson(silent.url, limits)), /aborted|timeout/i)
  })

  test('T-SS-07 – one fetch at a time from a host, ten in all', async (t) => {
    let inside = 0
    let most = 0
    const { port, url } = await serve(t, async (_request, response) => {
      inside += 1
      most = Math.max(most, inside)
      await delay(20)
      inside -= 1
      response.end('{}')
    })
    const outbound = outboundTo()
    await Promise.all(Array.from({ length: 5 }, () => outbound.getJson(url)))
    assert.equal(most, 1)

    most = 0
    // Different names of one server, none of which its certificate knows: plain http tells them apart just as well.
    const plain = await listen(
      t,
      createPlainServer(async (_request, response) => {
        inside += 1
        most = Math.max(most, inside)
        await delay(50)
        inside -= 1
        response.end('{}')
      }),
    )
    const names = Array.from({ length: 25 }, (_, number) => `http://host-${number}.example:${plain}/`)
    await Promise.all(names.map((name) => outbound.getJson(name)))
    assert.equal(most, 10)
    assert.ok(port > 0)
  })

  test('only JSON in UTF-8 with status 200 is a document', async (t) => {
    const bodies: [number, string | Buffer][] = [
      [200, ''],
      [200, '{'],
      [200, '<html>'],
      [200, Buffer.from([0x22, 0xff, 0x22])],
      [201, '{}'],
      [204, ''],
      [404, '{}'],
      [500, '{}'],
    ]
    for (const [status, body] of bodies) {
      const { url } = await serve(t, (_request, response) => {
        response.writeHead(status).end(body)
      })
      await refusal(outboundTo().getJson(url))
    }
  })

  test('a server that ends the connection in the middle is a failure', async (t) => {
    const { url } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"keys":')
      response.socket?.destroySoon()
    })
    await refusal(outboundTo().getJson(url))
  })

  describe('through a proxy', () => {
    /** A proxy that opens tunnels, and what it was asked. */
    const serveProxy = async (t: TestContext, status = 200) => {
      const asked: { authority: string | undefined; authorization: string | undefined }[] = []
      const server = createPlainServer((_request, response) => void response.writeHead(400).end())
      server.on('connect', (request, socket: Socket) => {
        asked.push({ authority: request.url, authorization: request.headers['proxy-authorization'] })
        socket.on('error', () => socket.destroy())
        if (status !== 200) {
          socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
          return
        }
        const [host = '', port] = (request.url ?? '').split(':')
        const far = connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
          far.pipe(socket).pipe(far)
        })
        far.on('error', () => socket.destroy())
        t.after(() => far.destroy())
        t.after(() => socket.destroy())
      })
      const port = await listen(t, server)
      return { url: `http://${HERE}:${port}`, asked }
    }

    test('T-SS-01, T-SS-04 RFC 9110 §9.3.6 – the tunnel leads to the address that was checked, and only there', async (t) => {
      const keys = await serve(t, sendKeys)
      const proxy = await serveProxy(t)
      const outbound = outboundTo({ proxy: { url: proxy.url, exclusion_list: [] } })
      assert.deepEqual(await outbound.getJson(keys.url), { keys: [] })
      assert.deepEqual(proxy.asked, [{ authority: `${HERE}:${keys.port}`, authorization: undefined }])

      const inside = outboundTo({
        allowLoopback: false,
        resolve: answering(['10.0.0.7']),
        proxy: { url: proxy.url, exclusion_list: [] },
      })
      await refusal(inside.getJson('https://inside.example/'))
      assert.equal(proxy.asked.length, 1)
    })

    test('the proxy is told who asks, in the way that was configured', async (t) => {
      const keys = await serve(t, sendKeys)
      const proxy = await serveProxy(t)
      const base = { url: proxy.url, exclusion_list: [] }
      const basic = { ...base, basic_auth_username: 'user', basic_auth_password: 'p:w' }
      await outboundTo({ proxy: basic }).getJson(keys.url)
      await outboundTo({ proxy: { ...basic, custom_auth_header: 'Token abc' } }).getJson(keys.url)
      assert.deepEqual(
        proxy.asked.map(({ authorization }) => authorization),
        [`Basic ${Buffer.from('user:p:w').toString('base64')}`, 'Token abc'],
      )
    })

    test('hosts of the exclusion list are reached directly', async (t) => {
      const keys = await serve(t, sendKeys)
      const proxy = await serveProxy(t)
      for (const entry of ['localhost', 'LOCALHOST', HERE, '127.0.0.0/8']) {
        const outbound = outboundTo({ proxy: { url: proxy.url, exclusion_list: ['other.example', '::/0', entry] } })
        assert.deepEqual(await outbound.getJson(keys.url), { keys: [] }, entry)
      }
      assert.equal(proxy.asked.length, 0)
      for (const entry of ['localhos', '.localhost', 'xlocalhost', '127.0.0.2', '10.0.0.0/8', '::/0']) {
        const outbound = outboundTo({ proxy: { url: proxy.url, exclusion_list: [entry] } })
        await outbound.getJson(keys.url)
      }
      assert.equal(proxy.asked.length, 6)
    })

    test('a proxy that refuses or is away is a failure like every other', async (t) => {
      const keys = await serve(t, sendKeys)
      for (const status of [403, 407, 502]) {
        const proxy = await serveProxy(t, status)
        await refusal(outboundTo({ proxy: { url: proxy.url, exclusion_list: [] } }).getJson(keys.url))
      }
      const nobody = { url: `http://${HERE}:1`, exclusion_list: [] }
      await refusal(outboundTo({ proxy: nobody }).getJson(keys.url))
      assert.equal(keys.connections(), 0)
    })
  })
})
