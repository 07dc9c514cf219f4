/** Starts storage_child.ts and talks to it by lines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChildTask } from './storage_child.ts'

export type Child = {
  process: ChildProcess
  /** Every whole line that it said after `ready`. */
  lines: string[]
  begin(): void
  /** What its task gave. Rejects with what it wrote to standard error when it failed. */
  result(): Promise<unknown>
  /** SIGKILL; resolves when it is gone and everything that it said has been read. */
  kill(): Promise<void>
}

let compiled: string | undefined

/** What one child has compiled, the next one need not. */
const compileCache = (): string => {
  if (compiled) return compiled
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_compiled_'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  compiled = folder
  return folder
}

export const startChild = async (task: ChildTask): Promise<Child> => {
  const script = join(import.meta.dirname, 'storage_child.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache() },
  })
  const lines: string[] = []
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  // Killed while it is written to.
  child.stdin.on('error', () => {})
  const closed = once(child, 'close')
  const reader = createInterface(child.stdout)
  const isReady = await new Promise<boolean>((resolve) => {
    reader.on('line', (line) => (line === 'ready' ? resolve(true) : lines.push(line)))
    reader.once('close', () => resolve(false))
  })
  if (!isReady) throw new Error(errors)
  return {
    process: child,
    lines,
    begin: () => child.stdin.write('go\n'),
    async result() {
      await closed
      const last = lines.at(-1)
      if (child.exitCode !== 0 || last === undefined) throw new Error(errors || 'the child said nothing')
      return (JSON.parse(last) as { result: unknown }).result
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
