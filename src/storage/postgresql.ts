/** PostgreSQL 13 and later, through pg. */
import { createRequire } from 'node:module'
import { PostgresAdapter, PostgresQueryCompiler, type QueryResult } from 'kysely'
import type { Client, ClientConfig, QueryResult as PgResult, PoolClient } from 'pg'
import type { Log } from '../system/log.ts'
import { parseConnectionUrl } from './connection_url.ts'
import type { ConnectionParams, Database, MigrationSession } from './database.ts'
import { STATEMENT_MS } from './deadline.ts'
import { createNetworkDatabase, type Link, type LinkPool } from './network_database.ts'

// Loaded only where it is used: each engine's client costs memory and time at start.
const loadPg = () => createRequire(import.meta.url)('pg') as typeof import('pg')

const INT8 = 20

/** Every transaction of a session that lost its process ends after this time, and with it its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000

/** So that a migration of this product waits for another one, in the same database only. */
const MIGRATION_LOCK = 7_203_441_190_842_061n

const toClientConfig = (params: ConnectionParams): ClientConfig => {
  const { types } = loadPg()
  const address = parseConnectionUrl(params.connection_url, ['postgresql', 'postgres'])
  return {
    host: address.socket ?? address.host,
    port: address.port,
    user: address.user || undefined,
    password: address.password,
    database: address.database,
    ssl: address.tls ?? false,
    keepAlive: true,
    application_name: 'auth_server',
    connectionTimeoutMillis: params.connect_timeout_secs * 1000,
    // Times and counts stay below 2^53, so that int8 need not be text.
    types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : types.getTypeParser(oid, format as 'text')) },
  } as ClientConfig
}

const toQueryResult = ({ command, rowCount, rows }: PgResult): QueryResult<unknown> => ({
  rows,
  numAffectedRows: command === 'SELECT' || rowCount === null ? undefined : BigInt(rowCount),
})

/** Text of PostgreSQL cannot hold NUL. As nothing stored has one, a search for it finds nothing, as on the other engines. */
const withoutNul = (parameter: unknown): unknown =>
  typeof parameter === 'string' && parameter.includes('\0') ? parameter.replaceAll('\0', '\uFFFD') : parameter

const query = async (client: Client | PoolClient, sql: string, parameters: readonly unknown[]): Promise<PgResult> => {
  try {
    return await client.query({ text: sql, values: parameters.map(withoutNul) })
  } catch (error) {
    // Can hold the whole row, secrets among it, and errors are logged.
    if (error instanceof Error) delete (error as { detail?: string }).detail
    throw error
  }
}

const runOn = async (client: Client | PoolClient, sql: string, parameters: readonly unknown[]) => {
  const result = await query(client, sql, parameters)
  // PostgreSQL answers COMMIT with ROLLBACK when a statement of the transaction failed.
  if (sql === 'commit' && result.command === 'ROLLBACK') throw new Error('The transaction had failed before its commit')
  return toQueryResult(result)
}

const toLink = (client: PoolClient): Link => ({
  provenAt: performance.now(),
  run: (sql, parameters) => runOn(client, sql, parameters),
  release: () => client.release(),
  destroy() {
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
    connection.stream.destroy()
    client.release(true)
  },
})

const createPool = (params: ConnectionParams, log: Log): LinkPool => {
  const { Pool } = loadPg()
  const links = new WeakMap<PoolClient, Link>()
  const pool = new Pool({
    ...toClientConfig(params),
    max: params.max_connections,
    min: params.min_connections,
    idleTimeoutMillis: params.idle_timeout_secs * 1000,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  })
  // A connection that breaks while nobody waits for it leaves the pool by itself; without listeners it would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'))
  pool.on('connect', (client) => {
    links.set(client as PoolClient, toLink(client as PoolClient))
    client.on('error', (error) => log.debug({ err: error }, 'a database connection broke'))
  })
  return {
    async take() {
      const client = await pool.connect()
      return links.get(client) ?? toLink(client)
    },
    end: () => pool.end(),
  }
}

const openMigrationSession = async (params: ConnectionParams): Promise<MigrationSession> => {
  const client = new (loadPg().Client)(toClientConfig(params))
  client.on('error', () => {})
  await client.connect()
  const run: MigrationSession['run'] = async (sql, parameters = []) => {
    const { rows } = await query(client, sql, parameters)
    return rows
  }
  return {
    rollsBack: true,
    run,
    async locked(work) {
      await run('begin isolation level read committed')
      try {
        await run('set local statement_timeout = 0')
        await run(`set local lock_timeout = '60s'`)
        // Ends with the transaction, so that it also works through a pooler that hands connections around.
        await run(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
        await run('set local lock_timeout = 0')
        const result = await work()
        await run('commit')
        return result
      } catch (error) {
        await run('rollback').catch(() => {})
        throw error
      }
    },
    close: () => client.end(),
  }
}

export const openPostgresql = <S>(params: ConnectionParams, log: Log): Database<S> =>
  createNetworkDatabase<S>({
    dialect: 'postgresql',
    beginTransaction: 'begin isolation level read committed',
    pool: createPool(params, log),
    minConnections: params.min_connections,
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    openMigrationSession: () => openMigrationSession(params),
  })
