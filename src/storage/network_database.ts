/**
 * A database behind a network: a pool of links, guarded in one place. Waiting for a link and waiting for a statement both
 * end after DEADLINE_MS, a link that missed its deadline is never used again, and every failure to reach the engine is a
 * StoreUnavailable.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely'
import { createCheck } from './check.ts'
import type { Database, MigrationSession } from './database.ts'
import { once, withDeadline } from './deadline.ts'
import { toStoreError } from './failures.ts'
import { withRepeats } from './repeat.ts'
import { StoreUnavailable } from './store_unavailable.ts'

/** One connection of a pool. */
export type Link = {
  /** When it last answered, on the monotonic clock. */
  provenAt: number
  run(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>>
  /** Back to the pool. */
  release(): void
  /** Closes it without a word to the other side, which may not be listening. */
  destroy(): void
}

export type LinkPool = {
  take(): Promise<Link>
  end(): Promise<void>
}

type NetworkEngine = {
  dialect: 'postgresql' | 'mysql'
  beginTransaction: string
  pool: LinkPool
  /** Opened before anybody asks. */
  minConnections: number
  createAdapter(): DialectAdapter
  createQueryCompiler(): QueryCompiler
  openMigrationSession(): Promise<MigrationSession>
}

type GuardedConnection = DatabaseConnection & {
  link: Link
  isBroken: boolean
  inTransaction: boolean
  run(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>>
}

const createGuardedPool = (pool: LinkPool) => {
  /** Links that have not answered since another one fell silent are suspect: they lead to the same place. */
  let silenceAt = -1

  const takeProven = async (): Promise<Link> => {
    for (;;) {
      const link = await pool.take()
      if (link.provenAt > silenceAt) return link
      link.destroy()
    }
  }

  const take = async (): Promise<Link> => {
    try {
      return await withDeadline(takeProven(), 'No database connection became free in time', (link) => link.release())
    } catch (error) {
      // No caller's statement has been looked at yet: whatever the reason, the store is what is missing.
      throw error instanceof StoreUnavailable
        ? error
        : new StoreUnavailable('The database cannot be reached', { cause: error })
    }
  }

  const run = async (connection: GuardedConnection, sql: string, parameters: readonly unknown[]) => {
    const { link } = connection
    try {
      const result = await withDeadline(link.run(sql, parameters), 'The database did not answer in time')
      link.provenAt = performance.now()
      return result
    } catch (error) {
      const failure = toStoreError(error)
      if (failure instanceof StoreUnavailable) connection.isBroken = true
      if (failure === error && failure instanceof StoreUnavailable) silenceAt = performance.now()
      throw failure
    }
  }

  return { take, run }
}

const createDriver = (engine: NetworkEngine): Driver => {
  const guarded = createGuardedPool(engine.pool)

  const toConnection = (link: Link): GuardedConnection => {
    const connection: GuardedConnection = {
      link,
      isBroken: false,
      inTransaction: false,
      run: (sql, parameters) => guarded.run(connection, sql, parameters),
      executeQuery: <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
        const attempt = () => connection.run(sql, parameters) as Promise<QueryResult<R>>
        // Inside a transaction only the whole of it can be repeated.
        return connection.inTransaction ? attempt() : withRepeats(attempt)
      },
      streamQuery: () => {
        throw new Error('Results are not streamed')
      },
    }
    return connection
  }

  const command = async (connection: DatabaseConnection, sql: string): Promise<void> => {
    await (connection as GuardedConnection).run(sql, [])
  }

  return {
    init: async () => {},
    acquireConnection: async () => toConnection(await guarded.take()),
    async beginTransaction(connection) {
      await command(connection, engine.beginTransaction)
      ;(connection as GuardedConnection).inTransaction = true
    },
    commitTransaction: (connection) => command(connection, 'commit'),
    async rollbackTransaction(connection) {
      const guardedConnection = connection as GuardedConnection
      if (guardedConnection.isBroken) return
      try {
        await command(connection, 'rollback')
      } catch {
        // The error that made us roll back is the one to tell; closing the connection rolls back as well.
        guardedConnection.isBroken = true
      }
    },
    async releaseConnection(connection) {
      const { link, isBroken } = connection as GuardedConnection
      if (isBroken) link.destroy()
      else link.release()
    },
    destroy: async () => {},
  }
}

/** Whatever is in the way now will be told to the first caller that needs a connection. */
const warm = async (pool: LinkPool, count: number): Promise<void> => {
  const taken = await Promise.allSettled(Array.from({ length: count }, () => pool.take()))
  for (const link of taken) if (link.status === 'fulfilled') link.value.release()
}

export const createNetworkDatabase = <S>(engine: NetworkEngine): Database<S> => {
  void warm(engine.pool, engine.minConnections)
  const db = new Kysely<S>({
    dialect: {
      createAdapter: engine.createAdapter,
      createQueryCompiler: engine.createQueryCompiler,
      createDriver: () => createDriver(engine),
      createIntrospector: () => {
        throw new Error('The schema is known, not asked for')
      },
    },
  })
  return {
    dialect: engine.dialect,
    db,
    transaction: (work) => withRepeats(() => db.transaction().execute(work)),
    check: createCheck(db),
    openMigrationSession: engine.openMigrationSession,
    close: once(async () => {
      await db.destroy()
      await withDeadline(engine.pool.end(), 'The database connections did not close in time')
    }),
  }
}
