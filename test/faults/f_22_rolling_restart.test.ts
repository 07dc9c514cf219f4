/** F-22 – two servers behind a load balancer are restarted one after the other while clients work: nobody notices. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse, stringify } from 'smol-toml'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { clientBasic, send, type Target } from '../support/client.ts'
import type { TestClient } from '../support/oauth.ts'
import { until } from '../support/patience.ts'
import { freePort } from '../support/ports.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const LANES = 6

/** The same configuration on another port. */
const atPort = (prepared: Prepared, port: number): Prepared => {
  const config = parse(readFileSync(prepared.configFile, 'utf8'))
  const configFile = join(prepared.folder, `${port}.toml`)
  writeFileSync(
    configFile,
    stringify({
      ...config,
      host_port: port,
      server_params: { allowed_hosts: [`localhost:${port}`], shutdown_grace_secs: 10 },
    }),
  )
  return { ...prepared, port, configFile }
}

describe('a rolling restart', () => {
  let prepared: Prepared
  let nodes: { prepared: Prepared; server: ServerProcess }[]
  let balancer: Balancer
  let target: Target
  let client: TestClient

  before(async () => {
    prepared = await prepareServer({ port: await freePort() })
    target = prepared
    nodes = []
    for (const port of [await freePort(), await freePort()]) {
      const node = atPort(prepared, port)
      nodes.push({ prepared: node, server: await startServerProcess({ prepared: node }) })
    }
    balancer = await startBalancer(
      prepared.port,
      prepared.ca,
      nodes.map((node) => node.prepared.port),
    )
    await until('a server behind the balancer', async () => (await send(target, 'GET', '/ready')).status === 200)
    const admin = nodes[0]?.server.admin
    assert.ok(admin)
    client = await admin.createClient({
      client_id: 'worker',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'orders:read',
    })
  })
  after(async () => {
    await balancer?.close()
    for (const node of nodes ?? []) await node.server.close()
    await prepared?.remove()
  })

  /** A connection for each request, as a crowd of clients would have. */
  const work = async (goesOn: () => boolean): Promise<number> => {
    let answered = 0
    const headers = { authorization: clientBasic(client.client_id, client.client_secret ?? '') }
    for (; goesOn(); answered++) {
      const answer = await send(target, 'POST', '/token', { headers, form: { grant_type: 'client_credentials' } })
      assert.equal(answer.status, 200, answer.body)
    }
    return answered
  }

  for (const [rounds, length] of [
    [1, 'quick'],
    [5, 'long'],
  ] as const)
    test(`F-22 – ${rounds} rounds: no request fails (${length})`, async (t) => {
      let isOver = false
      const before = balancer.refused()
      const lanes = Array.from({ length: LANES }, () => work(() => !isOver))
      const failed = Promise.race(lanes.map((lane) => lane.then(() => undefined)))
      const restart = async (): Promise<void> => {
        for (let round = 0; round < rounds; round++)
          for (const node of nodes) {
            node.server.child.kill('SIGTERM')
            const { code } = await node.server.exited
            assert.equal(code, 0)
            node.server = await startServerProcess({ prepared: node.prepared })
            // The balancer has to have seen it before the other one goes.
            await new Promise((resolve) => setTimeout(resolve, 500))
          }
      }
      await Promise.race([restart(), failed])
      isOver = true
      const answered = (await Promise.all(lanes)).reduce((sum, lane) => sum + lane, 0)
      t.diagnostic(`${answered} requests`)
      assert.ok(answered > LANES)
      assert.equal(balancer.refused(), before)
    })

  test('F-22 – a second signal ends the process at once', async () => {
    const [node] = nodes
    assert.ok(node)
    node.server.child.kill('SIGTERM')
    await until('the first signal was seen', () => /requests under way may finish/.test(node.server.output()))
    const exited = once(node.server.child, 'exit')
    node.server.child.kill('SIGTERM')
    assert.deepEqual(await exited, [1, null])
  })
})
