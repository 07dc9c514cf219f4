/** Opens the session store that `sessions_store_params` names. */
import type { Config, SessionsStoreParams } from '../config/schema.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { type NewerSchema, prepareSchema } from '../storage/migrate.ts'
import type { Schema } from '../storage/schema.ts'
import type { SessionsSchema } from '../storage/sessions_schema.ts'
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

/** `prepare` makes its schema current and proves that it can be reached; it may be called again when it throws. */
export type OpenedSessionStore = { sessionStore: SessionStore; prepare(newer: NewerSchema): Promise<void> }

const openSql = (
  { config, database: primary, log }: SessionStoreDeps,
  backend: 'sqlite' | 'postgresql' | 'mysql',
): OpenedSessionStore => {
  const params = config.sessions_store_params
  const database = sharesDatabase(config) ? shared(primary) : openDatabase<SessionsSchema>({ ...params, backend }, log)
  return {
    sessionStore: createSqlSessionStore(database),
    prepare: (newer) => prepareSchema(database, 'sessions', { ...params, newer }, log),
  }
}

const openRedis = ({ config, log }: SessionStoreDeps): OpenedSessionStore => {
  const sessionStore = createRedisSessionStore(config.sessions_store_params.connection_url, log)
  return { sessionStore, prepare: () => sessionStore.check() }
}

const openers: Record<SessionsStoreParams['backend'], (deps: SessionStoreDeps) => OpenedSessionStore> = {
  sqlite: (deps) => openSql(deps, 'sqlite'),
  postgresql: (deps) => openSql(deps, 'postgresql'),
  mysql: (deps) => openSql(deps, 'mysql'),
  redis: openRedis,
}

export const openSessionStore = (deps: SessionStoreDeps): OpenedSessionStore =>
  openers[deps.config.sessions_store_params.backend](deps)
