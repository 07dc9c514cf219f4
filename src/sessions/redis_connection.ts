/**
 * The connection to Redis: to one server, to the primary that Sentinels name, or to the nodes of a Cluster. All three tell the truth
 * at once: a command that cannot be sent now, or whose answer does not come in time, fails and is never sent again.
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'
import { parseRedisUrl, type RedisUrl } from '../config/redis_url.ts'
import type { Log } from '../system/log.ts'

const COMMAND_TIMEOUT_MS = 300
/** A connection that is silent for so long while a command waits is dropped and made anew. */
const SILENCE_TIMEOUT_MS = 1_000
const CONNECT_TIMEOUT_MS = 2_000
const MAX_RECONNECT_DELAY_MS = 1_000
/** How soon a Cluster that moved its slots is noticed without a command that meets it. */
const SLOTS_REFRESH_INTERVAL_MS = 2_000

/** Loaded when it is configured: a server without Redis starts faster and stays smaller. */
const loadIoredis = () => createRequire(import.meta.url)('ioredis') as typeof import('ioredis')

const pauseMs = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS)

/** What was a primary and is a replica now: the connection leads to the wrong server. */
const isDemoted = (error: Error): boolean => error.message.startsWith('READONLY')

const commonOptions = ({ username, password, hasTls }: RedisUrl) => ({
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 1,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  reconnectOnError: isDemoted,
  connectionName: 'auth_server',
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  ...(hasTls ? { tls: {} } : {}),
})

const openServer = (url: string, options: RedisOptions): Redis => new (loadIoredis().Redis)(url, options)

const openSentinel = (url: RedisUrl, options: RedisOptions): Redis => {
  const { layout, nodes, hasTls } = url
  if (layout.kind !== 'sentinel') throw new Error('no list of Sentinels')
  return new (loadIoredis().Redis)({
    ...options,
    sentinels: nodes.map((node) => ({ ...node })),
    name: layout.primary,
    db: layout.database,
    sentinelRetryStrategy: pauseMs,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    failoverDetector: true,
    ...(layout.sentinelPassword === undefined ? {} : { sentinelPassword: layout.sentinelPassword }),
    ...(hasTls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  })
}

const openCluster = (url: RedisUrl, scripts: RedisOptions['scripts']): Cluster => {
  const options: ClusterOptions = {
    enableOfflineQueue: false,
    clusterRetryStrategy: pauseMs,
    // Zero is never: a redirection says that nothing was done, but a connection that broke does not.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    // A certificate is for the name, not for the address behind it.
    ...(url.hasTls ? { dnsLookup: (host, done) => done(null, host) } : {}),
    redisOptions: commonOptions(url),
    ...(scripts ? { scripts } : {}),
  }
  return new (loadIoredis().Cluster)(
    url.nodes.map((node) => ({ ...node })),
    options,
  )
}

const open = (text: string, scripts: RedisOptions['scripts']): Redis => {
  const url = parseRedisUrl(text)
  if (typeof url === 'string') throw new Error(`connection_url: ${url}`)
  // All keys that one command names carry one hash tag, so that a Cluster takes every command that a single server takes.
  if (url.layout.kind === 'cluster') return openCluster(url, scripts) as unknown as Redis
  const options = {
    ...commonOptions(url),
    enableOfflineQueue: false,
    retryStrategy: pauseMs,
    ...(scripts ? { scripts } : {}),
  }
  return url.layout.kind === 'sentinel' ? openSentinel(url, options) : openServer(text, options)
}

/** The connection would go on in database 0, which may be somebody else's. */
const refusesDatabase = (error: Error & { command?: { name: string } }): boolean => error.command?.name === 'select'

/** Another password, permission or database is needed: waiting does not mend it. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR DB index)/.test(error.message)

/** Redis that evicts when memory is short signs people out at random. A server that hides its settings is taken on trust. */
export const warnOfEviction = (redis: Redis, log: Log): void => {
  redis.config('GET', 'maxmemory-policy').then(
    (answer) => {
      const policy = (answer as string[])[1]
      if (policy !== undefined && policy !== 'noeviction')
        log.warn(
          { maxmemory_policy: policy },
          'the session store may evict sessions: set maxmemory-policy to noeviction',
        )
    },
    () => undefined,
  )
}

/** `what` is in Redis, for the log: the session store, the shared limits. */
export type RedisUse = { what: string; scripts: RedisOptions['scripts']; onReady?(redis: Redis): void }

/** Connects at once, and again for as long as it takes. */
export const connectRedis = (url: string, log: Log, { what, scripts, onReady }: RedisUse): Redis => {
  const redis = open(url, scripts)
  let isDown = false
  const tellOfOutage = (error: Error): void => {
    // One line an outage, however many attempts fail.
    if (!isDown) log.error({ err: error }, `${what} cannot be reached`)
    isDown = true
  }
  redis.on('error', (error: Error) => {
    tellOfOutage(error)
    if (refusesDatabase(error)) redis.disconnect(true)
  })
  redis.on('ready', () => {
    if (isDown) log.info(`${what} can be reached again`)
    isDown = false
    onReady?.(redis)
  })
  return redis
}

const mastersOf = (redis: Redis): Redis[] => ('nodes' in redis ? (redis as unknown as Cluster).nodes('master') : [])

/** A Cluster connects to each of its nodes when it is first asked, and refuses whoever else asks meanwhile: so all at once. */
const connectMaster = async (master: Redis, signal: AbortSignal): Promise<void> => {
  if (master.status === 'wait') master.connect().catch(() => undefined)
  if (master.status !== 'ready') await once(master, 'ready', { signal })
}

/** Throws what the connection fails with, or that it takes too long. */
export const untilReady = async (redis: Redis): Promise<void> => {
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
  if (redis.status !== 'ready') await once(redis, 'ready', { signal })
  await Promise.all(mastersOf(redis).map((master) => connectMaster(master, signal)))
}
