/** what supervisors and load balancers ask. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

describe('health', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('RFC 9110 §15.5.6 – only GET and HEAD are answered', async () => {
    for (const path of ['/live', '/ready', '/health']) {
      const answer = await server.request('POST', path)
      assert.equal(answer.status, 405)
      assert.match(String(answer.headers.allow), /GET/)
    }
  })

  test('R-6 – a probe that names no host of ours is answered all the same', async () => {
    for (const path of ['/live', '/ready', '/health']) {
      assert.equal((await server.request('GET', path, { headers: { host: '10.0.0.7:8443' } })).status, 200)
    }
  })

  test('R-6 – /ready tells what was tried, and is not cached', async () => {
    const answer = await server.request('GET', '/ready')
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.json(), {
      status: 'ok',
      checks: { database: 'ok', sessions: 'ok', server: 'ok', certificate: 'ok' },
    })
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  test('R-6 – no answer tells a version, a path or a name of what runs here', async () => {
    for (const path of ['/live', '/ready', '/health', '/nowhere', '/']) {
      const { headers } = await server.request('GET', path)
      assert.equal(headers.server, undefined)
      assert.equal(headers['x-powered-by'], undefined)
    }
  })
})
