/** Opens the session store that `sessions_store_params` names and makes its schema current. */
import type { Config, SessionsStoreParams } from '../config/schema.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { prepareSchema } from '../storage/migrate.ts'
import type { Schema, SessionsSchema } from '../storage/schema.ts'
import type { Log } from '../system/log.ts'
import { createRedisSessionStore } from './redis.ts'
import type { SessionStore } from './session_store.ts'
import { createSqlSessionStore } from './sql.ts'

export type SessionStoreDeps = {
  config: Pick<Config, 'sessions_store_params' | 'database_params'>
  database: Database<Schema>
  log: Log
}

const POOL_KEYS = ['max_connections', 'min_connections', 'connect_timeout_secs', 'idle_timeout_secs'] as const

/** A pool of its own makes sense for another database, or for one with other bounds; a file has no pool. */
const sharesDatabase = ({ sessions_store_params, database_params }: SessionStoreDeps['config']): boolean =>
  sessions_store_params.backend === database_params.backend &&
  sessions_store_params.connection_url === database_params.connection_url &&
  (database_params.backend === 'sqlite' ||
    POOL_KEYS.every((key) => sessions_store_params[key] === database_params[key]))

/** The primary database seen from here; closing it stays with who opened it. */
const shared = (database: Database<Schema>): Database<SessionsSchema> => ({
  ...(database as unknown as Database<SessionsSchema>),
  close: async () => undefined,
})

const openSql = async (
  { config, database: primary, log }: SessionStoreDeps,
  backend: 'sqlite' | 'postgresql' | 'mysql',
): Promise<SessionStore> => {
  const params = config.sessions_store_params
  const database = sharesDatabase(config) ? shared(primary) : openDatabase<SessionsSchema>({ ...params, backend }, log)
  try {
    await prepareSchema(database, 'sessions', params.auto_init_schema, log)
  } catch (error) {
    await database.close()
    throw error
  }
  return createSqlSessionStore(database)
}

/** Nothing that fails at start is waited for: a supervisor starts the server again. */
const openRedis = async ({ config, log }: SessionStoreDeps): Promise<SessionStore> => {
  const store = createRedisSessionStore(config.sessions_store_params.connection_url, log)
  try {
    await store.check()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

const openers: Record<SessionsStoreParams['backend'], (deps: SessionStoreDeps) => Promise<SessionStore>> = {
  sqlite: (deps) => openSql(deps, 'sqlite'),
  postgresql: (deps) => openSql(deps, 'postgresql'),
  mysql: (deps) => openSql(deps, 'mysql'),
  redis: openRedis,
}

/** Throws when the store cannot be reached or its schema cannot be used. */
export const openSessionStore = (deps: SessionStoreDeps): Promise<SessionStore> =>
  openers[deps.config.sessions_store_params.backend](deps)
