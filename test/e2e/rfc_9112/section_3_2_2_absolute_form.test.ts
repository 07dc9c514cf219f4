import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

before(async () => {
  server = await startServer()
})
after(() => server.close())

const get = (target: string): Promise<string> =>
  sendRaw(server, `GET ${target} HTTP/1.1\r\nHost: ${new URL(server.issuer).host}\r\nConnection: close\r\n\r\n`)

test('T-IS-01 RFC 9112 §3.2.2 – a target of another host is misdirected, whatever the Host header says', async () => {
  const { host } = new URL(server.issuer)
  for (const authority of [
    'evil.example',
    `evil.example:443`,
    `${host}.evil.example`,
    `evil@${host}`,
    `${host}@evil.example`,
    '',
  ])
    for (const path of ['/jwks.json', '/.well-known/openid-configuration', '/authorize?client_id=x']) {
      const answer = await get(`https://${authority}${path}`)
      assert.ok([400, 421].includes(statusOf(answer)), `${authority} ${answer.slice(0, 60)}`)
      assert.doesNotMatch(answer, /evil/)
    }
  for (const target of [`http://${host}/jwks.json`, `ftp://${host}/jwks.json`, 'evil.example', '*'])
    assert.ok([400, 404, 421].includes(statusOf(await get(target))), target)
})

test('RFC 9112 §3.2.2 – a target that names this host itself is answered', async () => {
  assert.equal(statusOf(await get(`${server.issuer}/jwks.json`)), 200)
})
