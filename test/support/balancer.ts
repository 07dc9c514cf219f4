/** A load balancer as small as they come: TCP connections to whichever server says that it is ready, asked ten times a second. */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { send } from './client.ts'

const LOOK_EVERY_MS = 100

export type Balancer = {
  port: number
  /** Connections that no server took. */
  refused(): number
  close(): Promise<void>
}

export const startBalancer = async (port: number, ca: string, ports: readonly number[]): Promise<Balancer> => {
  let ready: number[] = []
  let turn = 0
  let refused = 0
  let isClosed = false
  const sockets = new Set<Socket>()

  const isReady = async (target: number): Promise<boolean> => {
    const answer = await send({ issuer: `https://localhost:${target}`, ca }, 'GET', '/ready').catch(() => undefined)
    return answer?.status === 200
  }
  const look = async (): Promise<void> => {
    while (!isClosed) {
      const states = await Promise.all(ports.map(isReady))
      ready = ports.filter((_port, index) => states[index])
      await delay(LOOK_EVERY_MS)
    }
  }

  const server = createServer((client) => {
    turn += 1
    const target = ready[turn % Math.max(1, ready.length)]
    if (target === undefined) {
      refused += 1
      client.destroy()
      return
    }
    const upstream = connect({ host: '127.0.0.1', port: target })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    client.pipe(upstream).pipe(client)
    client.once('error', () => upstream.destroy())
    upstream.once('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const looking = look()

  return {
    port,
    refused: () => refused,
    async close() {
      isClosed = true
      for (const socket of sockets) socket.destroy()
      server.close()
      await looking
    },
  }
}
