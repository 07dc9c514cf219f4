/** What the Containerfile says, as far as it can be tried without an engine that builds it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startServer } from '../../support/server.ts'

const root = join(import.meta.dirname, '../../..')
const containerfile = readFileSync(join(root, 'Containerfile'), 'utf8').replaceAll('\\\n', ' ')

const instructions = (name: string): string[] =>
  [...containerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map((match) => match[1] ?? '')

describe('the container', () => {
  test('everything that is copied into it exists, and .dockerignore lets it through', () => {
    const sources = instructions('COPY')
      .filter((copy) => !copy.startsWith('--from'))
      .flatMap((copy) => copy.split(' ').slice(0, -1))
    const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    for (const source of sources) {
      assert.ok(existsSync(join(root, source)), source)
      assert.ok(allowed.includes(`!${source}`), source)
    }
  })

  test('it runs as a user without a name or rights', () => {
    assert.match(instructions('USER').at(-1) ?? '', /^[1-9]\d+:[1-9]\d+$/)
  })

  test('its health check is content with a server that lives, and only with that', async () => {
    const [, args = '[]'] = /CMD (\[.*\])/.exec(instructions('HEALTHCHECK')[0] ?? '') ?? []
    const [, ...node] = JSON.parse(args) as string[]
    const server = await startServer()
    const check = async (): Promise<number> => {
      const port = new URL(server.issuer).port
      const child = spawn(
        process.execPath,
        node.map((arg) => arg.replace('8443', port)),
        { stdio: 'ignore' },
      )
      const [code] = (await once(child, 'exit')) as [number]
      return code
    }
    assert.equal(await check(), 0)
    await server.close()
    assert.equal(await check(), 1)
  })
})
