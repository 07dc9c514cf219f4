/** Writes configuration files and says what is wrong with them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../src/config/config_error.ts'
import type { Environment } from '../../../src/config/environment.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { files, NOW, put } from './pki.ts'

/** In every secret of these tests; no message may hold it. */
export const CANARY = 'canary-b7Qx'

export const TOP = 'host_name = "localhost"\nhost_port = 8443\n'

const tlsKeys = {
  server_private_key: files.serverKey,
  server_certificate: files.serverChain,
  server_ca_chain: files.root,
}

/** `[tls_params]` with some of its keys changed. */
export const tls = (changes: Record<string, string> = {}): string => {
  const keys = Object.entries({ ...tlsKeys, ...changes }).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  return `[tls_params]\n${keys.join('')}`
}

/** A file that is right but for `rest`. */
export const withRest = (rest: string): string => `${TOP}${tls()}${rest}`

let count = 0
export const write = (content: string | Buffer): string => put(`${++count}.toml`, content)

export const load = (toml: string | Buffer, env: Environment = {}): Config =>
  loadConfig(write(toml), env, { clock: { now: () => NOW }, isTerminal: false })

/** Every problem, none of which may show a secret or need a second line. */
export const problemsOf = (toml: string | Buffer, env: Environment = {}): readonly string[] => {
  try {
    load(toml, env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, `a configuration problem, not ${String(error)}`)
    assert.ok(error.problems.length > 0)
    for (const problem of error.problems) {
      assert.ok(!problem.includes(CANARY), `a secret is shown: ${problem}`)
      assert.doesNotMatch(problem, /\p{Cc}/u, 'a problem is one line')
    }
    return error.problems
  }
}

export type BrokenFile = { name: string; toml: string | Buffer; env?: Environment; problems: readonly string[] }

export const testBrokenFiles = (cases: readonly BrokenFile[]): void => {
  for (const { name, toml, env, problems } of cases) {
    test(name, () => assert.deepEqual(problemsOf(toml, env), problems))
  }
}
