import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { basic, clientBasic } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FORM = 'application/x-www-form-urlencoded'

let server: TestServer
let client: TestClient
let right: string

before(async () => {
  server = await startServer()
  client = await server.admin.createClient({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: '',
  })
  right = clientBasic(client.client_id, client.client_secret ?? '')
})
after(() => server.close())

const send = async (line: string, headers: string[], body = ''): Promise<number> => {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  const head = [line, `Host: ${new URL(server.issuer).host}`, 'Connection: close', ...headers, ...length]
  return statusOf(await sendRaw(server, [...head, '', body].join('\r\n')))
}

describe('RFC 9110 §5.3 – a header that takes one value and comes twice is refused', () => {
  const body = 'grant_type=client_credentials'
  const wrong = basic('somebody', 'else')

  test('T-CA-04 T-CA-06 Authorization, whichever of the two is right', async () => {
    const pairs = [
      [right, wrong],
      [wrong, right],
      [right, right],
    ]
    for (const path of ['/token', '/par', '/introspect', '/revoke'])
      for (const pair of pairs) {
        const headers = pair.map((value, index) => `${index === 0 ? 'Authorization' : 'AUTHORIZATION'}: ${value}`)
        assert.equal(await send(`POST ${path} HTTP/1.1`, [`Content-Type: ${FORM}`, ...headers], body), 400, path)
      }
    assert.equal(await send('POST /token HTTP/1.1', [`Content-Type: ${FORM}`, `Authorization: ${right}`], body), 200)
  })

  test('RFC 6750 §2 – a bearer token, at UserInfo and at the administration', async () => {
    const headers = ['Authorization: Bearer a', 'Authorization: Bearer b']
    for (const path of ['/userinfo', '/admin/realm', '/sessions/realms/main'])
      assert.equal(await send(`GET ${path} HTTP/1.1`, headers), 400, path)
  })

  test('T-CS-02 Content-Type, whichever of the two is accepted', async () => {
    for (const types of [
      [FORM, 'text/plain'],
      ['text/plain', FORM],
    ]) {
      const headers = [`Authorization: ${right}`, ...types.map((type) => `Content-Type: ${type}`)]
      assert.equal(await send('POST /token HTTP/1.1', headers, body), 400)
    }
  })
})

test('T-HT-06 RFC 9110 §15.5.6 – a known address answers every method that it does not have with 405 and those it has', async () => {
  const addresses: [string, string][] = [
    ['/token', 'POST'],
    ['/par', 'POST'],
    ['/introspect', 'POST'],
    ['/revoke', 'POST'],
    ['/authorize', 'GET, POST, HEAD'],
    ['/userinfo', 'GET, POST, HEAD'],
    ['/jwks.json', 'GET, HEAD'],
    ['/.well-known/openid-configuration', 'GET, HEAD'],
    ['/login', 'POST'],
    ['/admin/realm', 'GET, POST, HEAD'],
  ]
  for (const [path, allow] of addresses)
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((name) => !allow.includes(name))) {
      const answer = await server.request(method, path)
      assert.equal(answer.status, 405, `${method} ${path}`)
      assert.deepEqual((answer.headers.allow ?? '').split(', ').sort(), allow.split(', ').sort(), path)
    }
})
