/** MySQL 8.0.17 and MariaDB 10.5 and later, through mysql2. */
import { createRequire } from 'node:module'
import { MysqlAdapter, MysqlQueryCompiler, type QueryResult } from 'kysely'
import type { Connection, ConnectionOptions, PoolConnection, QueryError, ResultSetHeader } from 'mysql2'
import type { Log } from '../system/log.ts'
import { parseConnectionUrl } from './connection_url.ts'
import type { ConnectionParams, Database, MigrationSession } from './database.ts'
import { STATEMENT_MS } from './deadline.ts'
import { createNetworkDatabase, type Link, type LinkPool } from './network_database.ts'

// Loaded only where it is used: each engine's client costs memory and time at start.
const loadMysql = () => createRequire(import.meta.url)('mysql2') as typeof import('mysql2')

const MIGRATION_WAIT_SECONDS = 60

// Strict, whatever the server's default is. Backslashes stay escapes: mysql2 puts parameters into the text that way.
const SESSION_SETTINGS = [
  'set session transaction isolation level read committed',
  `set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'`,
]

// Only MariaDB reads what is marked M!, and only MySQL what is marked !50708.
const DEADLINE_SETTINGS = [
  `set session innodb_lock_wait_timeout = 1
   /*M!100101 , max_statement_time = ${STATEMENT_MS / 1000} */ /*M!100300 , idle_transaction_timeout = 10 */
   /*!50708 , max_execution_time = ${STATEMENT_MS} */`,
]

const toConnectionOptions = (params: ConnectionParams): ConnectionOptions => {
  const address = parseConnectionUrl(params.connection_url, ['mysql'])
  return {
    host: address.host,
    port: address.port,
    socketPath: address.socket,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: address.tls,
    charset: 'utf8mb4_bin',
    connectTimeout: params.connect_timeout_secs * 1000,
    enableKeepAlive: true,
    // Times and counts stay below 2^53, so that bigint need not be text.
    supportBigNumbers: true,
    bigNumberStrings: false,
    // FOUND_ROWS would call a row that was only found a changed one; LOCAL_FILES lets a server read our files.
    flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
  }
}

const isHeader = (result: unknown): result is ResultSetHeader => !Array.isArray(result)

/**
 * The other engines count the rows that an UPDATE matched, MySQL those that it changed; it tells the first in its message.
 * For INSERT, the count stays that of the rows inserted.
 */
const toQueryResult = (result: unknown): QueryResult<unknown> => {
  if (!isHeader(result)) return { rows: result as unknown[] }
  const matched = /^Rows matched: (\d+)/.exec(result.info)?.[1]
  return { rows: [], numAffectedRows: BigInt(matched ?? result.affectedRows) }
}

const query = (connection: Connection, sql: string, parameters: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    connection.query(sql, parameters as unknown[], (error: QueryError | null, result: unknown) => {
      if (error) {
        // The text of the statement holds its parameters, secrets among them, and errors are logged.
        delete (error as { sql?: string }).sql
        reject(error)
      } else resolve(result)
    })
  })

const prepareSession = async (connection: Connection, settings: string[]): Promise<void> => {
  for (const sql of settings) await query(connection, sql, [])
}

const destroy = (connection: Connection): void => {
  connection.destroy()
  const { stream } = connection as unknown as { stream: { destroy(): void } }
  stream.destroy()
}

const toLink = (connection: PoolConnection): Link => ({
  provenAt: performance.now(),
  run: async (sql, parameters) => toQueryResult(await query(connection, sql, parameters)),
  release: () => connection.release(),
  destroy: () => destroy(connection),
})

const createPool = (params: ConnectionParams, log: Log): LinkPool => {
  const links = new WeakMap<PoolConnection, Link>()
  const pool = loadMysql().createPool({
    ...toConnectionOptions(params),
    connectionLimit: params.max_connections,
    // Below the limit, or the pool would never look for connections that were idle too long. It keeps none beyond that time,
    // so min_connections tells only how many there are at the beginning.
    maxIdle: Math.max(params.max_connections - 1, 1),
    idleTimeout: params.idle_timeout_secs * 1000,
  })
  // An error on a connection that nobody waits for would otherwise end the process.
  pool.on('connection', (connection) => {
    connection.on('error', (error: unknown) => log.debug({ err: error }, 'a database connection broke'))
  })

  const take = (): Promise<PoolConnection> =>
    new Promise((resolve, reject) => {
      pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
    })

  return {
    async take() {
      const connection = await take()
      const known = links.get(connection)
      if (known) return known
      try {
        await prepareSession(connection, [...SESSION_SETTINGS, ...DEADLINE_SETTINGS])
      } catch (error) {
        destroy(connection)
        throw error
      }
      const link = toLink(connection)
      links.set(connection, link)
      return link
    },
    end: () =>
      new Promise((resolve, reject) => {
        pool.end((error) => (error ? reject(error) : resolve()))
      }),
  }
}

/** What older ones lack is the collation that tells a name from the same name with a space behind it. */
export const isSupportedVersion = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  const oldest = /mariadb/i.test(version) ? [10, 5, 0] : [8, 0, 17]
  const difference = [major, minor, patch].map((part, index) => part - (oldest[index] ?? 0)).find((part) => part !== 0)
  return difference === undefined || difference > 0
}

const openMigrationSession = async (params: ConnectionParams): Promise<MigrationSession> => {
  const connection = loadMysql().createConnection(toConnectionOptions(params))
  connection.on('error', () => {})
  const run: MigrationSession['run'] = async (sql, parameters = []) => {
    const result = await query(connection, sql, parameters)
    return isHeader(result) ? [] : (result as Record<string, unknown>[])
  }
  await prepareSession(connection, SESSION_SETTINGS)
  const [server] = await run('select version() as version')
  if (!isSupportedVersion(String(server?.version))) {
    connection.destroy()
    throw new Error(`The database is ${server?.version}: MySQL 8.0.17 or MariaDB 10.5 is the oldest that will do`)
  }
  return {
    rollsBack: false,
    run,
    async locked(work) {
      const name = `concat('auth_server.', md5(database()))`
      const [row] = await run(`select get_lock(${name}, ${MIGRATION_WAIT_SECONDS}) as locked`)
      if (row?.locked !== 1)
        throw new Error(`Another process is still migrating after ${MIGRATION_WAIT_SECONDS} seconds`)
      try {
        return await work()
      } finally {
        await run(`select release_lock(${name})`).catch(() => {})
      }
    },
    close: () => new Promise((resolve) => connection.end(() => resolve())),
  }
}

export const openMysql = <S>(params: ConnectionParams, log: Log): Database<S> =>
  createNetworkDatabase<S>({
    dialect: 'mysql',
    beginTransaction: 'begin',
    pool: createPool(params, log),
    minConnections: params.min_connections,
    createAdapter: () => new MysqlAdapter(),
    createQueryCompiler: () => new MysqlQueryCompiler(),
    openMigrationSession: () => openMigrationSession(params),
  })
