/** RFC 9110 §9, §10.1.1 and §7.8 – methods, expectations and upgrades that this server has no use for. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

describe('what a request may ask for beside an answer', () => {
  let server: TestServer
  let host: string

  before(async () => {
    server = await startServer()
    host = new URL(server.issuer).host
  })
  after(() => server.close())

  const ask = (line: string, headers: string[] = [], body = ''): Promise<string> =>
    sendRaw(server, [line, `Host: ${host}`, 'Connection: close', ...headers, '', body].join('\r\n'))

  const allowOf = (answer: string): string | undefined => /^allow: (.*)$/im.exec(answer)?.[1]?.trim()

  for (const method of ['PATCH', 'PUT', 'DELETE'])
    test(`T-HT-06 RFC 9110 §15.5.6 – ${method} of a known address is 405 and names what it has`, async () => {
      for (const [path, allow] of [
        ['/token', 'POST'],
        ['/jwks.json', 'GET, HEAD'],
        ['/live', 'GET, HEAD'],
      ]) {
        const answer = await ask(`${method} ${path} HTTP/1.1`)
        assert.equal(statusOf(answer), 405, answer)
        assert.equal(allowOf(answer), allow)
      }
    })

  for (const method of [
    'TRACE',
    'QUERY',
    'CONNECT',
    'PROPFIND',
    'MKCOL',
    'PURGE',
    'SOURCE',
    'M-SEARCH',
    'BREW',
    'get',
    'Get',
  ])
    test(`T-HT-06 RFC 9110 §9.1 – ${method} is none of ours, at any address`, async () => {
      for (const path of ['/token', '/jwks.json', '/admin/realm', '/nowhere']) {
        const answer = await ask(`${method} ${path} HTTP/1.1`, ['X-Secret: canary'])
        assert.ok([400, 404, 405, 501].includes(statusOf(answer)) || answer === '', answer.slice(0, 80))
        // RFC 9110 §9.3.8 – nothing of a request is ever echoed.
        assert.doesNotMatch(answer, /canary/)
      }
    })

  test('T-HT-06 – a method in a header or in a field changes nothing', async () => {
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const form = '_method=DELETE'
      const headers = [
        `${name}: DELETE`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${form.length}`,
      ]
      assert.equal(statusOf(await ask('POST /token?_method=DELETE HTTP/1.1', headers, form)), 400)
    }
  })

  test('T-HT-06 RFC 9110 §7.8 – an upgrade is not made, and the request is answered as it stands', async () => {
    for (const protocol of ['websocket', 'h2c', 'HTTP/2.0', 'TLS/1.0', 'connect-ip']) {
      const answer = await sendRaw(
        server,
        [
          'GET /live HTTP/1.1',
          `Host: ${host}`,
          'Connection: Upgrade, close',
          `Upgrade: ${protocol}`,
          'HTTP2-Settings: AAMAAABkAAQAAP__',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version: 13',
          '',
          '',
        ].join('\r\n'),
      )
      assert.notEqual(statusOf(answer), 101, protocol)
      assert.ok([200, 400].includes(statusOf(answer)) || answer === '', answer.slice(0, 80))
    }
    assert.equal((await server.request('GET', '/live')).status, 200)
  })

  test('T-HT-06 RFC 9110 §10.1.1 – who expects 100-continue is told to go on, or is refused without', async () => {
    const body = 'grant_type=none'
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const answer = await ask(
      'POST /token HTTP/1.1',
      [type, 'Expect: 100-continue', `Content-Length: ${body.length}`],
      body,
    )
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400/)
    const other = await ask('POST /token HTTP/1.1', [type, 'Expect: wonders', `Content-Length: ${body.length}`], body)
    assert.equal(statusOf(other), 417)
  })
})
