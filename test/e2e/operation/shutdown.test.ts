/** F-22: a server that is told to stop says so first, finishes what it began, and leaves with nothing lost. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { openConnection, readToEnd, sendHttp2, statusOf } from '../../support/raw.ts'
import { type ServerProcess, startServerProcess } from '../../support/server.ts'

const body = 'grant_type=client_credentials&client_id=nobody'

/** The request up to the middle of its body. */
const beginRequest = async (server: ServerProcess): Promise<TLSSocket> => {
  const socket = await openConnection(server)
  const { host } = new URL(server.issuer)
  const head = `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`
  socket.write(head + body.slice(0, 10))
  return socket
}

const saysDraining = async (server: ServerProcess): Promise<void> => {
  for (;;) {
    const answer = await server.request('GET', '/ready')
    if (answer.status === 503) {
      assert.equal(answer.json<{ checks: Record<string, string> }>().checks.server, 'draining')
      return
    }
    await delay(10)
  }
}

describe('shutdown', () => {
  const start = () => startServerProcess({ config: { server_params: { shutdown_grace_secs: 20 } } })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`F-22 – ${signal}: /ready says so first, a request under way is answered, and the exit is clean`, async (t) => {
      const server = await start()
      t.after(() => server.close())
      const socket = await beginRequest(server)
      const answer = readToEnd(socket)
      // Read by the server before the signal, because the next answer came after it.
      await server.request('GET', '/live')
      server.child.kill(signal)
      await saysDraining(server)
      socket.write(body.slice(10))
      const text = await answer
      assert.equal(statusOf(text), 401, text)
      assert.match(text, /^connection: close\r$/im)
      assert.deepEqual(await server.exited, { code: 0, signal: null })
    })
  }

  test('F-22 – a request over HTTP/2 that is under way is answered too', async (t) => {
    const server = await start()
    t.after(() => server.close())
    const session = connect(server.issuer, { ca: server.ca })
    t.after(() => session.destroy())
    session.on('error', () => undefined)
    const request = session.request({
      ':method': 'POST',
      ':path': '/token',
      'content-type': 'application/x-www-form-urlencoded',
    })
    let status: number | undefined
    request
      .on('error', () => undefined)
      .once('response', (headers) => {
        status = headers[':status']
        request.resume()
      })
    const ended = new Promise((resolve) => request.once('close', resolve))
    request.write(body.slice(0, 10))
    // A second stream's answer comes after the first one was read.
    const second = session.request({ ':path': '/live' })
    await once(second.resume(), 'end')
    server.child.kill('SIGTERM')
    // Until nobody is let in any more, and the idle connections are gone.
    while (
      await server.request('GET', '/live').then(
        () => true,
        () => false,
      )
    )
      await delay(20)
    request.end(body.slice(10))
    await ended
    assert.equal(status, 401)
    assert.deepEqual(await server.exited, { code: 0, signal: null })
  })

  test('F-22 – an idle connection, over HTTP/1.1 or HTTP/2, does not hold the server', async (t) => {
    const server = await start()
    t.after(() => server.close())
    const socket = await openConnection(server)
    assert.equal((await sendHttp2(server, { ':path': '/live' })).status, 200)
    server.child.kill('SIGTERM')
    await Promise.all([once(socket.resume(), 'close'), server.exited])
    assert.equal((await server.exited).code, 0)
  })

  test('F-22 – a request that never ends is cut off when the grace is over', async (t) => {
    const server = await startServerProcess({
      config: { server_params: { shutdown_grace_secs: 1, request_timeout_secs: 60 } },
    })
    t.after(() => server.close())
    const socket = await beginRequest(server)
    await server.request('GET', '/live')
    const answer = readToEnd(socket)
    server.child.kill('SIGTERM')
    assert.equal(statusOf(await answer), 0)
    assert.equal((await server.exited).code, 0)
  })

  test('F-22 – a second signal does not wait', async (t) => {
    const server = await start()
    t.after(() => server.close())
    await beginRequest(server)
    await server.request('GET', '/live')
    server.child.kill('SIGTERM')
    await saysDraining(server)
    assert.equal((await server.end('SIGTERM')).code, 1)
  })
})
