/**
 * `auth_server migrate [CONFIG]` – makes the schema of the database and of a SQL session store current.
 * `auth_server migrate --check [CONFIG]` – lists what is missing; exit status 1 when something is.
 * `auth_server migrate --print sqlite|postgresql|mysql` – the whole schema as SQL, for a tool that manages it instead.
 */
import { parseArgs } from 'node:util'
import { processEnvironment } from '../config/environment.ts'
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { type ConnectionParams, type Database, type Dialect, openDatabase } from '../storage/database.ts'
import { type MigrationSet, migrate, pendingMigrations, printMigrations } from '../storage/migrate.ts'
import { createLog, type Log } from '../system/log.ts'

const USAGE_EXIT_STATUS = 64

const DIALECTS: readonly Dialect[] = ['sqlite', 'postgresql', 'mysql']

const isDialect = (text: string): text is Dialect => DIALECTS.some((dialect) => dialect === text)

const print = (line: string): void => {
  process.stdout.write(line)
}

const misused = (problem: string): number => {
  process.stderr.write(
    `auth_server migrate: ${problem}; usage: migrate [--check] [CONFIG] | migrate --print ${DIALECTS.join('|')}\n`,
  )
  return USAGE_EXIT_STATUS
}

type Target = { set: MigrationSet; params: ConnectionParams }

const targetsOf = ({ database_params, sessions_store_params }: Config): Target[] => {
  const { backend, ...sessions } = sessions_store_params
  const primary: Target = { set: 'primary', params: database_params }
  // Redis has no schema.
  return backend === 'redis' ? [primary] : [primary, { set: 'sessions', params: { ...sessions, backend } }]
}

/** The names that `work` gives for each database, one after another. */
const forEachTarget = async (
  config: Config,
  log: Log,
  work: (database: Database, set: MigrationSet) => Promise<string[]>,
): Promise<string[]> => {
  const names: string[] = []
  for (const { set, params } of targetsOf(config)) {
    const database = openDatabase(params, log)
    try {
      names.push(...(await work(database, set)))
    } finally {
      await database.close()
    }
  }
  return names
}

const runMigrations = async (config: Config, log: Log): Promise<number> => {
  const applied = await forEachTarget(config, log, (database, set) => migrate(database, set, log))
  print(applied.length === 0 ? 'the schema is current\n' : applied.map((name) => `migrated ${name}\n`).join(''))
  return 0
}

const checkMigrations = async (config: Config, log: Log): Promise<number> => {
  const pending = await forEachTarget(config, log, pendingMigrations)
  print(pending.length === 0 ? 'the schema is current\n' : pending.map((name) => `pending ${name}\n`).join(''))
  return pending.length === 0 ? 0 : 1
}

const parse = (args: string[]) =>
  parseArgs({ args, allowPositionals: true, options: { check: { type: 'boolean' }, print: { type: 'string' } } })

const tryParse = (args: string[]): ReturnType<typeof parse> | string => {
  try {
    return parse(args)
  } catch (error) {
    return error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error)
  }
}

/** Throws ConfigError, and MigrationError when a database does not fit this version. */
export const run = async (args: string[]): Promise<number> => {
  const parsed = tryParse(args)
  if (typeof parsed === 'string') return misused(parsed)
  const { values, positionals } = parsed
  if (positionals.length > 1) return misused('one configuration file at most')
  if (values.print !== undefined) {
    if (!isDialect(values.print)) return misused('--print takes the name of a dialect')
    if (positionals.length > 0 || values.check) return misused('--print stands alone')
    print(printMigrations(values.print))
    return 0
  }
  const config = loadConfig(positionals[0] ?? DEFAULT_CONFIG_PATH, processEnvironment())
  // Standard output is for the answer.
  const log = createLog({ ...config.log_params, level: 'silent' })
  return await (values.check ? checkMigrations(config, log) : runMigrations(config, log))
}
