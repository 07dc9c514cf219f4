/** Several Redis servers of a test's own that stand for one: watched by Sentinels, or a Cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnRedis, pathOf, startRedis } from './engines.ts'
import { until } from './patience.ts'
import { freePort } from './ports.ts'

const PRIMARY = 'primary'
const SENTINELS = 3
const MASTERS = 3
const SLOTS = 16_384

/** In milliseconds: how soon a server that is silent counts as gone. */
const PATIENCE_MS = 800

export type RedisLayoutUnderTest = {
  url: string
  /** Kills the server that holds the sessions; resolves when another one does. */
  failOver(): Promise<void>
  close(): Promise<void>
}

const closeAll = async (servers: { close(): Promise<void> }[]): Promise<void> => {
  for (const server of servers) await server.close()
}

const startSentinel = async (folder: string, primaryPort: number) => {
  const port = await freePort()
  const file = join(folder, `sentinel-${port}.conf`)
  const watched = [
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${PRIMARY} ${PATIENCE_MS}`,
    `sentinel failover-timeout ${PRIMARY} 5000`,
  ]
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...watched, ''].join('\n'))
  const child: ChildProcess = spawn(pathOf('redis-server'), [file, '--sentinel'], { cwd: folder, stdio: 'ignore' })
  return {
    port,
    async close() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A primary, a replica and three Sentinels that agree by majority. */
export const startSentinels = async (): Promise<RedisLayoutUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_sentinels-'))
  const primary = await startRedis()
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)])
  const sentinels: Awaited<ReturnType<typeof startSentinel>>[] = []
  while (sentinels.length < SENTINELS) sentinels.push(await startSentinel(folder, primary.port))
  const roleOf = (server: OwnRedis) => server.ask(async (redis) => String(((await redis.role()) as unknown[])[0]))
  await until('the replica follows', async () =>
    (await replica.ask((redis) => redis.info('replication'))).includes('master_link_status:up'),
  )
  const knows = async (port: number): Promise<boolean> => {
    const { Redis } = await import('ioredis')
    const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => null })
    redis.on('error', () => {})
    try {
      const answer = String(await redis.call('SENTINEL', 'CKQUORUM', PRIMARY))
      const replicas = (await redis.call('SENTINEL', 'REPLICAS', PRIMARY)) as unknown[]
      return answer.startsWith(`OK ${SENTINELS}`) && replicas.length === 1
    } finally {
      redis.disconnect()
    }
  }
  for (const { port } of sentinels) await until('the Sentinels know each other', () => knows(port))

  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${PRIMARY}/0`,
    async failOver() {
      await primary.stop()
      await until('the replica is the primary', async () => (await roleOf(replica)) === 'master')
    },
    async close() {
      await closeAll([...sentinels, replica, primary])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const startNode = async (): Promise<OwnRedis & { busPort: number }> => {
  const busPort = await freePort()
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(PATIENCE_MS)]
  return { ...(await startRedis([...cluster, '--cluster-port', String(busPort)])), busPort }
}

const hasState = (server: OwnRedis, nodes: number) => async (): Promise<boolean> => {
  const info = await server.ask((redis) => redis.cluster('INFO'))
  return String(info).includes('cluster_state:ok') && String(info).includes(`cluster_known_nodes:${nodes}`)
}

/** Three masters with a third of the slots each, and a replica of each one. */
export const startCluster = async (): Promise<RedisLayoutUnderTest> => {
  const nodes: Awaited<ReturnType<typeof startNode>>[] = []
  while (nodes.length < 2 * MASTERS) nodes.push(await startNode())
  const masters = nodes.slice(0, MASTERS)
  const replicas = nodes.slice(MASTERS)
  const first = nodes[0] as OwnRedis
  for (const node of nodes.slice(1))
    await first.ask((redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', node.port, node.busPort))
  for (const [index, master] of masters.entries()) {
    const [from, to] = [index, index + 1].map((part) => Math.ceil((part * SLOTS) / MASTERS))
    await master.ask((redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', Number(from), Number(to) - 1))
  }
  for (const node of nodes) await until('the cluster is whole', hasState(node, nodes.length))
  for (const [index, replica] of replicas.entries()) {
    const id = String(await (masters[index] as OwnRedis).ask((redis) => redis.cluster('MYID')))
    await until(
      'it follows',
      async () => (await replica.ask((redis) => redis.call('CLUSTER', 'REPLICATE', id))) === 'OK',
    )
    await until('it is in step', async () =>
      (await replica.ask((redis) => redis.info('replication'))).includes('master_link_status:up'),
    )
  }

  /** The master that holds keys, and what stands behind it. */
  const holder = async (): Promise<number> => {
    const sizes = await Promise.all(masters.map((master) => master.ask((redis) => redis.dbsize())))
    return sizes.findIndex((size) => size > 0)
  }

  return {
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    async failOver() {
      const index = await holder()
      const replica = replicas[index] as OwnRedis
      await (masters[index] as OwnRedis).stop()
      const isMaster = async () => String(((await replica.ask((redis) => redis.role())) as unknown[])[0]) === 'master'
      await until(
        'the replica is a master',
        async () => (await isMaster()) && (await hasState(replica, nodes.length)()),
      )
    },
    close: () => closeAll(nodes),
  }
}
