/** Starts the proxy of the tests, and tells what it was asked. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Proxied = { method: string; target: string; host: string; authorization?: string }

const CHILD = join(import.meta.dirname, 'http_proxy_child.ts')

/** `wanted`: the Proxy-Authorization without which it answers 407. */
export const startHttpProxy = async (wanted = '') => {
  const child = spawn(process.execPath, [CHILD, wanted], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  const [first] = (await once(lines, 'line')) as [string]
  const { port } = JSON.parse(first) as { port: number }
  const asked: Proxied[] = []
  lines.on('line', (line) => asked.push(JSON.parse(line) as Proxied))
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close(): Promise<void> {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

export type HttpProxy = Awaited<ReturnType<typeof startHttpProxy>>
