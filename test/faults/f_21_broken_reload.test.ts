/** F-21 – configuration files that are broken in every way, one SIGHUP after another: what runs goes on as it was, and every refusal is told. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../src/config/config_error.ts'
import { loadConfig } from '../../src/config/load.ts'
import { until } from '../support/patience.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const CANARY = 'canary-of-a-broken-file'

/** What happens to files under the hands of people and programs. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('twice' as const), at: fc.nat() }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(),
    text: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed()),
      fc.constantFrom(
        '[server_params]\nrequest_timeout_secs = 0\n',
        'unknown_key = 1\n',
        '[log_params]\nlevel = "loud"\n',
        '[tls_params]\nserver_private_key = "/dev/null"\n',
        '__proto__ = { polluted = true }\n',
        `default_username = "\${${CANARY}}"\n`,
        `[database_params]\nconnection_url = "postgresql://user:${CANARY}@db.example/db?x=y"\n`,
        '[rate_limit_params]\nrequests_per_second = -1\n',
      ),
    ),
  }),
)

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

const mutate = (text: string, change: Mutation): string => {
  const lines = text.split('\n')
  const line = change.at % lines.length
  switch (change.kind) {
    case 'cut':
      return text.slice(0, change.at % text.length)
    case 'drop':
      return lines.toSpliced(line, 1).join('\n')
    case 'twice':
      return lines.toSpliced(line, 0, lines[line] ?? '').join('\n')
    case 'insert':
      return lines.toSpliced(line, 0, change.text).join('\n')
  }
}

describe('configuration files that are broken', () => {
  let prepared: Prepared
  let server: ServerProcess
  let good: string

  before(async () => {
    prepared = await prepareServer()
    good = readFileSync(prepared.configFile, 'utf8')
    server = await startServerProcess({ prepared })
  })
  after(async () => {
    await server?.close()
    await prepared?.remove()
  })

  const outcomes = (): string[] => server.output().match(/"msg":"configuration [^"]*/g) ?? []

  const hangUp = async (): Promise<string> => {
    const before = outcomes().length
    server.child.kill('SIGHUP')
    await until('the outcome', () => outcomes().length > before)
    return outcomes().at(-1) ?? ''
  }

  const isRefused = (): boolean => {
    try {
      loadConfig(prepared.configFile, {})
      return false
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error))
      return true
    }
  }

  for (const [runs, length] of [
    [40, 'quick'],
    [300, 'long'],
  ] as const)
    test(`F-21 – ${runs} files: each is refused as a whole or taken as a whole, and nobody is served any worse (${length})`, async (t) => {
      let refused = 0
      await fc.assert(
        fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
          writeFileSync(prepared.configFile, changes.reduce(mutate, good))
          const outcome = await hangUp()
          const wanted = isRefused() ? /not reloaded/ : /reloaded|nothing changed/
          assert.match(outcome, wanted)
          if (/not reloaded/.test(outcome)) refused += 1
          assert.equal((await server.request('GET', '/ready')).status, 200)
          const discovery = await server.request('GET', '/.well-known/openid-configuration')
          assert.equal(discovery.json<{ issuer: string }>().issuer, prepared.issuer)
        }),
        { numRuns: runs, endOnFailure: true },
      )
      writeFileSync(prepared.configFile, good)
      assert.match(await hangUp(), /reloaded|nothing changed/)
      t.diagnostic(`${refused} of ${runs} were refused`)
      assert.ok(refused > 0)
      assert.equal(server.child.exitCode, null)
      assert.doesNotMatch(server.output(), new RegExp(`:${CANARY}@`))
    })
})
