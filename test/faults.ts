/**
 * `npm run faults` – what the server does when something under it breaks: real server processes, real engines of their own, real
 * signals, disks and clocks.
 *
 *   npm run faults                     all of them, as long as they take
 *   npm run faults -- --quick          without the long ones
 *   npm run faults -- --only=f_09      the files whose name begins so
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })

const root = join(import.meta.dirname, '..')
const files = globSync(`test/faults/${options.only ?? ''}*.test.ts`, { cwd: root }).sort()
if (files.length === 0) throw new Error('no such fault')

const flags = ['--test', '--test-isolation=none', '--test-force-exit', '--test-reporter=spec']
if (options.quick) flags.push('--test-skip-pattern=/\\(long\\)/')

const child = spawn(process.execPath, [...flags, ...files], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
const [code] = (await once(child, 'exit')) as [number | null]
process.exitCode = code ?? 1
