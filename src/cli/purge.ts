/**
 * `auth_server purge [--only NAME[,NAME…]] [CONFIG]` – removes what is over, as the running server does on its schedule: for who would
 * rather do it at night. Prints what went as one JSON line; exit status 75 when a store is away.
 */
import { parseArgs } from 'node:util'
import { DEFAULT_CONFIG_PATH } from '../config/load.ts'
import { openSessionStore } from '../sessions/registry.ts'
import { PURGEABLE } from '../storage/purge.ts'
import { StoreUnavailable } from '../storage/store_unavailable.ts'
import { systemClock } from '../system/clock.ts'
import { removeInBatches } from '../system/collector.ts'
import { systemRandom } from '../system/random.ts'
import { withStore } from './with_store.ts'

const USAGE_EXIT_STATUS = 64
const AWAY_EXIT_STATUS = 75
const BATCH = 500

const NAMES = ['sessions', ...PURGEABLE, 'audit'] as const
type Name = (typeof NAMES)[number]

const failed = (problem: string, status: number): number => {
  process.stderr.write(`auth_server purge: ${problem}\n`)
  return status
}

const isName = (text: string): text is Name => NAMES.some((name) => name === text)

const purge = (file: string, names: readonly Name[]): Promise<Record<string, number>> =>
  withStore(file, async ({ config, log, database, store }) => {
    const { sessionStore } = openSessionStore({ config, database, log })
    const { retention_secs: retention } = config.audit_params
    const now = systemClock.now()
    const deps = { clock: systemClock, random: systemRandom }
    const batchOf = async (name: Name): Promise<number> => {
      if (name === 'sessions') return await sessionStore.deleteExpired(now, BATCH)
      if (name !== 'audit') return await store.purgeExpired(now, BATCH, [name])
      return retention === 0 ? 0 : await store.purgeAudit(now - retention * 1000, BATCH, deps)
    }
    try {
      const removed: Record<string, number> = {}
      for (const name of names) removed[name] = await removeInBatches(() => batchOf(name))
      return removed
    } finally {
      await sessionStore.close()
    }
  })

const parse = (args: string[]) => {
  try {
    return parseArgs({ args, allowPositionals: true, options: { only: { type: 'string' } } })
  } catch {
    return undefined
  }
}

/** Throws ConfigError. */
export const run = async (args: string[]): Promise<number> => {
  const parsed = parse(args)
  const [file = DEFAULT_CONFIG_PATH, ...more] = parsed?.positionals ?? []
  if (!parsed || more.length > 0) return failed('usage: purge [--only NAME,NAME] [CONFIG]', USAGE_EXIT_STATUS)
  const names = parsed.values.only?.split(',') ?? [...NAMES]
  if (!names.every(isName)) return failed(`--only takes ${NAMES.join(', ')}`, USAGE_EXIT_STATUS)
  try {
    process.stdout.write(`${JSON.stringify(await purge(file, names))}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return failed('a store cannot be reached', AWAY_EXIT_STATUS)
  }
}
