/** F-12, F-13 – kill -9 while keys are rotated and while the schema is migrated: the next start finds something whole, or makes it so. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { skipWithout } from '../support/backends.ts'
import { type Prepared, prepareServer, startServerProcess } from '../support/server.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

const start = (prepared: Prepared, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args, prepared.configFile], {
    cwd: prepared.folder,
    env: { PATH: process.env.PATH, ...prepared.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })

/** How it ended, and what it said. */
const finished = async (child: ChildProcess): Promise<{ code: number | null; text: string }> => {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}

/** Kills it at every part of its way, and says how long the whole way was. */
const killAtEveryPart = async (prepared: Prepared, kills: number, ...args: string[]): Promise<void> => {
  const begun = performance.now()
  assert.equal((await finished(start(prepared, ...args))).code, 0)
  const whole = performance.now() - begun
  for (let kill = 0; kill < kills; kill++) {
    const child = start(prepared, ...args)
    const end = finished(child)
    await delay(whole * (0.5 + (0.6 * kill) / kills))
    child.kill('SIGKILL')
    await end
  }
}

type Key = { kid: string; alg: string; state: string }

describe('commands that are killed', () => {
  for (const [kills, length] of [
    [4, 'quick'],
    [100, 'long'],
  ] as const)
    test(`F-12 – ${kills} kills of a rotation: one key is active, it is published, and what it signed is verified (${length})`, async (t) => {
      const prepared = await prepareServer({ config: { signing_keys_params: { prepublish_secs: 0 } } })
      t.after(() => prepared.remove())
      const server = await startServerProcess({ prepared })
      t.after(() => server.close())
      const client = await server.admin.createClient({
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        scope: 'x',
      })
      const token = async (): Promise<string> =>
        (await server.oauth.token(client, { grant_type: 'client_credentials' })).json<{ access_token: string }>()
          .access_token
      const tokens = [await token()]
      await killAtEveryPart(prepared, kills, 'keys', 'rotate', '--alg', 'ES256')
      tokens.push(await token())
      const { text } = await finished(start(prepared, 'keys', 'list'))
      const keys = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Key)
        .filter(({ alg }) => alg === 'ES256')
      assert.equal(keys.filter(({ state }) => state === 'active').length, 1)
      assert.ok(keys.filter(({ state }) => state === 'prepublished').length <= 1)
      const keySet = createLocalJWKSet((await server.request('GET', '/jwks.json')).json<JSONWebKeySet>())
      for (const each of tokens) await jwtVerify(each, keySet)
      assert.equal((await finished(start(prepared, 'audit', 'verify'))).code, 0)
    })

  for (const [database, parts, length] of [
    ['sqlite', 3, 'quick'],
    ['sqlite', 12, 'long'],
    ['postgresql', 12, 'long'],
    ['mysql', 12, 'long'],
  ] as const)
    test(`F-13 – ${parts} kills of a migration on ${database}: the next one finishes it (${length})`, {
      skip: database === 'sqlite' ? false : skipWithout(database),
    }, async (t) => {
      for (let part = 0; part < parts; part++) {
        const prepared = await prepareServer({ database })
        t.after(() => prepared.remove())
        const child = start(prepared, 'migrate')
        const end = finished(child)
        // At first the command only reads itself.
        await delay(350 + (part * 360) / parts)
        child.kill('SIGKILL')
        await end
        assert.equal((await finished(start(prepared, 'migrate'))).code, 0)
        assert.equal((await finished(start(prepared, 'migrate', '--check'))).code, 0)
        const server = await startServerProcess({ prepared })
        assert.equal((await server.request('GET', '/.well-known/openid-configuration')).status, 200)
        await server.end('SIGKILL')
      }
    })
})
