/** One measured run: many connections against one server, by wrk where it is installed and by autocannon elsewhere, on a core of its own. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { DRIVER_CORE, pinned } from './processor.ts'
import { luaScript } from './wrk_script.ts'

export type Exchange = { method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body: string }

/**
 * `repeat` sends one request again and again. `refresh` redeems tokens from a queue and puts each successor back.
 * `code` asks for a code and redeems it, turn by turn. A body that ends in `=` is completed with the token or the code.
 */
export type Load =
  | { kind: 'repeat'; request: Exchange }
  | { kind: 'refresh'; request: Exchange; tokens: string[] }
  | { kind: 'code'; authorize: Exchange; request: Exchange }

export type Run = { origin: string; connections: number; seconds: number; load: Load }

/** Requests a second, latencies in milliseconds, and how many answers were none or an error. */
export type Measured = { rate: number; p50: number; p99: number; errors: number }

const hasWrk = spawnSync('wrk', ['-v']).error === undefined

export const driverName = hasWrk ? 'wrk' : 'autocannon'

const runChild = (command: string, args: string[]): string => {
  const [program = command, ...rest] = pinned(DRIVER_CORE, [command, ...args])
  const { stdout, stderr, status, error } = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (error || status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`)
  return stdout
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''

const withWrk = (run: Run, folder: string): Measured => {
  const script = join(folder, 'load.lua')
  writeFileSync(script, luaScript(run.load))
  const args = ['-t1', `-c${run.connections}`, `-d${run.seconds}s`, '--timeout', '10s', '-s', script, run.origin]
  return JSON.parse(lastLine(runChild('wrk', args))) as Measured
}

const withAutocannon = (run: Run, folder: string): Measured => {
  const plan = join(folder, 'load.json')
  writeFileSync(plan, JSON.stringify(run))
  return JSON.parse(lastLine(runChild(execPath, [join(import.meta.dirname, 'autocannon_load.ts'), plan]))) as Measured
}

export const measure = (run: Run, folder: string): Measured =>
  hasWrk ? withWrk(run, folder) : withAutocannon(run, folder)
