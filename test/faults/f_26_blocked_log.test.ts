/** F-26 – nobody takes the log lines: a pipe that is not read, a disk that is full, a reader that is gone. The service goes on. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { send } from '../support/client.ts'
import { getOver } from '../support/kept_connection.ts'
import { until } from '../support/patience.ts'
import { type Prepared, prepareServer } from '../support/server.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Lines of requests that are more than a pipe and every buffer before it hold. */
const REQUESTS = 12_000

const start = async (prepared: Prepared, output: 'pipe' | number): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [MAIN, 'serve', prepared.configFile], {
    cwd: prepared.folder,
    env: { PATH: process.env.PATH, ...prepared.env },
    stdio: ['ignore', output, 'ignore'],
  })
  await until('ready', async () => (await send(prepared, 'GET', '/ready')).status === 200)
  return child
}

const askOften = async (prepared: Prepared, requests = REQUESTS): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca: prepared.ca })
  const lane = async (): Promise<void> => {
    for (let request = 0; request < requests / 4; request++)
      await getOver(agent, `https://localhost:${prepared.port}/live`)
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  agent.destroy()
}

const assertEndsWell = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
}

describe('nobody takes the log lines', () => {
  const withServer = (
    name: string,
    output: 'pipe' | '/dev/full',
    work: (child: ChildProcess, prepared: Prepared) => Promise<void>,
  ) =>
    test(name, async (t) => {
      const prepared = await prepareServer()
      t.after(() => prepared.remove())
      const file = output === 'pipe' ? undefined : openSync(output, 'w')
      const child = await start(prepared, file ?? 'pipe')
      if (file !== undefined) closeSync(file)
      t.after(() => child.kill('SIGKILL'))
      await work(child, prepared)
    })

  withServer(
    'F-26 – a pipe that nobody reads: every request is answered, what does not fit is counted, and the end is clean',
    'pipe',
    async (child, prepared) => {
      await askOften(prepared)
      assert.equal((await send(prepared, 'GET', '/ready')).status, 200)
      assert.ok(child.stdout)
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      await until('the count of what was dropped', () => /"dropped":\d+,"msg":"log lines were dropped"/.test(text))
      await assertEndsWell(child)
      for (const line of text.trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line)
    },
  )

  withServer('F-26 – a pipe that nobody reads does not hold up the end', 'pipe', async (child, prepared) => {
    await askOften(prepared)
    await assertEndsWell(child)
  })

  withServer('F-26 – a reader that is gone: the service goes on', 'pipe', async (child, prepared) => {
    child.stdout?.destroy()
    await askOften(prepared, 1_000)
    assert.equal((await send(prepared, 'GET', '/ready')).status, 200)
    await assertEndsWell(child)
  })

  withServer('F-26 – a disk that is full: the service goes on', '/dev/full', async (child, prepared) => {
    await askOften(prepared, 1_000)
    assert.equal((await send(prepared, 'GET', '/ready')).status, 200)
    await assertEndsWell(child)
  })
})
