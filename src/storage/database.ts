/** The only place that chooses between engines: everything above sees one database, whichever it is. */
import type { Kysely } from 'kysely'
import type { Dialect } from '../../migrations/migration.ts'
import type { Log } from '../system/log.ts'
import { meaningOf } from './failures.ts'
import { openMysql } from './mysql.ts'
import { openPostgresql } from './postgresql.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'

export type { Dialect }

/** The keys of `database_params` that a connection is made from. */
export type ConnectionParams = {
  backend: Dialect
  connection_url: string
  max_connections: number
  min_connections: number
  connect_timeout_secs: number
  idle_timeout_secs: number
}

/** One connection without deadlines, for what changes the schema. */
export type MigrationSession = {
  /** Whether the engine takes a schema change back when `locked` work fails. */
  rollsBack: boolean
  run(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /**
   * One caller at a time over all processes; the others wait, for a minute at most. Where the engine can roll a schema
   * change back, the work is one transaction.
   */
  locked<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type Database<S = Schema> = {
  dialect: Dialect
  /** Every statement by itself. Throws StoreUnavailable when the engine does not answer within two seconds. */
  db: Kysely<S>
  /**
   * All or nothing: what was done is durable when the promise resolves. A serialization failure or deadlock is tried
   * again up to three times, so the work must be repeatable. Throws StoreUnavailable as `db` does.
   */
  transaction<T>(work: (transaction: Kysely<S>) => Promise<T>): Promise<T>
  /** Throws when the database cannot be read and written. */
  check(): Promise<void>
  openMigrationSession(): Promise<MigrationSession>
  close(): Promise<void>
}

const engines = { sqlite: openSqlite, postgresql: openPostgresql, mysql: openMysql }

/** Connects at the first use, except for SQLite, whose file is opened at once. Throws when the URL cannot be used. */
export const openDatabase = <S = Schema>(params: ConnectionParams, log: Log): Database<S> =>
  engines[params.backend]<S>(params, log)

/** A primary key or unique index refused the row: another caller was first. */
export const isDuplicateKey = (error: unknown): boolean => meaningOf(error) === 'duplicate'

/** True when the row belongs to one that is gone: a realm, client or user that was deleted since it was read. */
export const isOrphan = (error: unknown): boolean => meaningOf(error) === 'orphan'
