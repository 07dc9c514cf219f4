/**
 * SQLite through better-sqlite3: one connection that writes and one that reads, so that a read outside a transaction
 * neither waits for a writer nor sees what is not committed yet.
 */
import { closeSync, openSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteQueryCompiler,
} from 'kysely'
import { createCheck } from './check.ts'
import type { ConnectionParams, Database, MigrationSession } from './database.ts'
import { once } from './deadline.ts'
import { toStoreError } from './failures.ts'
import { withRepeats } from './repeat.ts'
import { createSqliteWriter, type SqliteWriter, type Turn } from './sqlite_writer.ts'
import { StoreUnavailable } from './store_unavailable.ts'

/** Statements kept prepared; each is a few kilobytes. */
const MAX_STATEMENTS = 500

/** How long the engine itself waits for another process. It stops this one meanwhile, so the writer waits by itself. */
const BUSY_TIMEOUT_MS = 5_000

const MIGRATION_PATIENCE = { waitMs: 60_000, holdMs: Number.POSITIVE_INFINITY }

type Run = (sql: string, parameters: readonly unknown[]) => QueryResult<unknown>

/** `sqlite://relative`, `sqlite:///absolute`, `sqlite::memory:` */
const toPath = (url: string): string => {
  if (url === 'sqlite::memory:' || url === 'sqlite://:memory:') return ':memory:'
  const path = url.startsWith('sqlite://') ? url.slice('sqlite://'.length) : ''
  if (path === '') throw new Error('connection_url: expected sqlite://relative, sqlite:///absolute or sqlite::memory:')
  return path
}

/** Private keys live in this file: nobody but its owner may read it, nor the files that SQLite puts beside it. */
const createPrivately = (path: string): void => {
  try {
    closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    throw new Error(`connection_url: ${path} cannot be opened for writing`, { cause })
  }
}

const connect = (path: string): Sqlite.Database => {
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS })
  // With NORMAL the last changes are lost when the machine dies; what was answered must not be.
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  return database
}

/** Changing to WAL can be refused at once while another process does the same. */
const useWriteAheadLog = (database: Sqlite.Database): void => {
  for (let tries = 1; ; tries++) {
    try {
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const isBusy = error instanceof Sqlite.SqliteError && error.code === 'SQLITE_BUSY'
      if (!isBusy || tries === 100) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_TIMEOUT_MS / 100)
    }
  }
}

/** Preparing costs more than running: each statement is kept by its text, the oldest making room. */
const createRun = (database: Sqlite.Database): Run => {
  const statements = new Map<string, Sqlite.Statement>()
  const prepare = (sql: string): Sqlite.Statement => {
    const statement = database.prepare(sql)
    const oldest = statements.keys().next()
    if (statements.size >= MAX_STATEMENTS && !oldest.done) statements.delete(oldest.value)
    statements.set(sql, statement)
    return statement
  }
  return (sql, parameters) => {
    const statement = statements.get(sql) ?? prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters) }
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) }
  }
}

type Access = {
  writer: SqliteWriter
  write: Run
  /** Whether the writer's transaction is still there: out of disk or memory, the engine ends it by itself. */
  isWriting(): boolean
  /** Undefined in memory, where there is one connection. */
  read: Run | undefined
}

type SqliteConnection = DatabaseConnection & { turn: Turn | undefined }

const createConnection = ({ writer, write, isWriting, read }: Access): SqliteConnection => {
  const execute = async ({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<unknown>> => {
    const { turn } = connection
    if (turn?.isOver) throw new Error('The transaction is over')
    if (turn && !isWriting()) throw new StoreUnavailable('The database ended the transaction')
    if (!turn && !(read && query.kind === 'SelectQueryNode')) return writer.run(() => write(sql, parameters))
    try {
      return turn || !read ? write(sql, parameters) : read(sql, parameters)
    } catch (error) {
      throw toStoreError(error)
    }
  }
  const connection: SqliteConnection = {
    turn: undefined,
    executeQuery: <R>(query: CompiledQuery) => execute(query) as Promise<QueryResult<R>>,
    streamQuery: () => {
      throw new Error('Results are not streamed')
    },
  }
  return connection
}

const turnOf = (connection: DatabaseConnection): Turn => {
  const { turn } = connection as SqliteConnection
  if (!turn) throw new Error('There is no transaction')
  return turn
}

const createDriver = (access: Access): Driver => ({
  init: async () => {},
  acquireConnection: async () => createConnection(access),
  async beginTransaction(connection) {
    ;(connection as SqliteConnection).turn = await access.writer.enter()
  },
  commitTransaction: (connection) => turnOf(connection).commit(),
  rollbackTransaction: (connection) => turnOf(connection).rollback(),
  releaseConnection: async () => {},
  destroy: async () => {},
})

/** The writer's queue makes callers wait for one another, so Kysely need not. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

const createMigrationSession = ({ writer, write }: Access): MigrationSession => ({
  rollsBack: true,
  run: async (sql, parameters = []) => write(sql, parameters).rows as Record<string, unknown>[],
  async locked(work) {
    const turn = await writer.enter(MIGRATION_PATIENCE)
    try {
      const result = await work()
      await turn.commit()
      return result
    } catch (error) {
      await turn.rollback()
      throw error
    }
  },
  close: async () => {},
})

const mustBeWritable = (error: Error): boolean =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(READONLY|CANTOPEN)/.test(error.code)

/** What the engine says names no file. */
const naming = <T>(path: string, work: () => T): T => {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const hint = mustBeWritable(cause) ? '; the file and its directory have to be writable' : ''
    throw new Error(`connection_url: ${path} cannot be used: ${cause.message}${hint}`, { cause })
  }
}

const connectWriting = (path: string): Sqlite.Database => {
  const database = connect(path)
  useWriteAheadLog(database)
  return database
}

export const openSqlite = <S>(params: ConnectionParams): Database<S> => {
  const path = toPath(params.connection_url)
  const isFile = path !== ':memory:'
  if (isFile) createPrivately(path)
  const writing = naming(path, () => connectWriting(path))
  const reading = isFile ? naming(path, () => connect(path)) : undefined
  writing.pragma('busy_timeout = 0')

  const writer = createSqliteWriter(writing)
  const access: Access = {
    writer,
    write: createRun(writing),
    isWriting: () => writing.inTransaction,
    read: reading && createRun(reading),
  }
  const db = new Kysely<S>({
    dialect: {
      createAdapter: () => new Adapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createDriver: () => createDriver(access),
      createIntrospector: () => {
        throw new Error('The schema is known, not asked for')
      },
    },
  })
  return {
    dialect: 'sqlite',
    db,
    transaction: (work) => withRepeats(() => db.transaction().execute(work)),
    check: createCheck(db),
    openMigrationSession: async () => createMigrationSession(access),
    close: once(async () => {
      await db.destroy()
      await writer.settle()
      reading?.close()
      writing.close()
    }),
  }
}
