/** The session stores that this machine can test. */
import { createRedisSessionStore } from '../../../src/sessions/redis.ts'
import type { SessionStore } from '../../../src/sessions/session_store.ts'
import { createSqlSessionStore } from '../../../src/sessions/sql.ts'
import type { Dialect } from '../../../src/storage/database.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { type BackendName, backend, skipWithout } from '../../support/backends.ts'
import { createTestDatabase, DIALECTS, silentLog, skipDialect } from '../../support/databases.ts'
import type { StoreUnderTest } from './store_suite.ts'

/** `url` gives another way to the same server, as a line of the test does. */
const openSql = async (dialect: Dialect, url = (direct: string): string => direct): Promise<SessionStore> => {
  const scratch = await createTestDatabase(dialect)
  const database = scratch.connect({ connection_url: url(scratch.params.connection_url) })
  await migrate(database, 'sessions', silentLog)
  return { ...createSqlSessionStore(database), close: () => scratch.drop() }
}

const openRedis = async (url: string): Promise<SessionStore> => {
  const store = createRedisSessionStore(url, silentLog)
  await store.check()
  return store
}

export const redisUrl = (): string => backend('redis')?.url ?? ''

export const stores = (): StoreUnderTest[] => [
  ...DIALECTS.map((dialect) => ({
    name: dialect,
    expires: false,
    skip: skipDialect(dialect),
    open: () => openSql(dialect),
  })),
  { name: 'redis', expires: true, skip: skipWithout('redis'), open: () => openRedis(redisUrl()) },
]

const defaultPorts: Record<BackendName, number> = { postgresql: 5432, mysql: 3306, redis: 6379 }

const through =
  (port: number) =>
  (direct: string): string => {
    const url = new URL(direct)
    url.hostname = '127.0.0.1'
    url.port = String(port)
    return url.href
  }

/** Those behind a network, with a way to reach them over a line of the test. */
export const remoteStores = () =>
  (['postgresql', 'mysql', 'redis'] as const).map((name) => {
    const url = new URL(backend(name)?.url ?? 'none://127.0.0.1')
    return {
      name,
      skip: skipWithout(name),
      address: { host: url.hostname, port: Number(url.port) || defaultPorts[name] },
      openThrough: (port: number) =>
        name === 'redis' ? openRedis(through(port)(redisUrl())) : openSql(name, through(port)),
    }
  })
