/** The database of a configuration, for a command whose standard output is its answer: opened without a word, and closed whatever comes of it. */
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { type ChainKeys, chainKeysOf } from '../storage/audit_chain.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import type { Schema } from '../storage/schema.ts'
import { createStore, type Store } from '../storage/store.ts'
import { createLog, type Log } from '../system/log.ts'

export type OpenedStore = { config: Config; log: Log; database: Database<Schema>; store: Store; chainKeys: ChainKeys }

/** Throws ConfigError, and what the database says. */
export const withStore = async <T>(file: string, work: (opened: OpenedStore) => Promise<T>): Promise<T> => {
  const config = loadConfig(file, processEnvironment())
  const log = createLog({ ...config.log_params, level: 'silent' })
  const database = openDatabase<Schema>(config.database_params, log)
  const chainKeys = chainKeysOf(config.secrets_params)
  const store = createStore(database, chainKeys)
  try {
    return await work({ config, log, database, store, chainKeys })
  } finally {
    await store.close()
  }
}
