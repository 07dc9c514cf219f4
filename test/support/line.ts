/** A line to a server that a test can cut, freeze and mend: what an outage looks like from this side. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Line = {
  /** The server's URL, by way of this line. */
  url: string
  port: number
  /** Ends every connection and refuses new ones. */
  cut(): void
  /** Keeps connections open and takes new ones, but nothing passes. */
  freeze(): void
  mend(): void
  close(): Promise<void>
}

const DEFAULT_PORTS: Record<string, number> = { 'postgresql:': 5432, 'mysql:': 3306, 'redis:': 6379 }

/** To the host and port of `url`. */
export const openLine = async (url: string): Promise<Line> => {
  const { protocol, hostname: host, port: named } = new URL(url)
  const port = Number(named) || (DEFAULT_PORTS[protocol] ?? 0)
  const sockets = new Set<Socket>()
  let state: 'whole' | 'cut' | 'frozen' = 'whole'

  const follow = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }

  const server = createServer((near) => {
    follow(near)
    if (state === 'cut') {
      near.resetAndDestroy()
      return
    }
    if (state === 'frozen') return
    const far = connect(port, host)
    follow(far)
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
    const pass = (to: Socket) => (chunk: Buffer) => {
      if (state === 'whole') to.write(chunk)
    }
    near.on('data', pass(far))
    far.on('data', pass(near))
  })
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const through = new URL(url)
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: through.href,
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = 'cut'
      destroyAll()
    },
    freeze: () => {
      state = 'frozen'
    },
    mend: () => {
      if (state === 'frozen') destroyAll()
      state = 'whole'
    },
    async close() {
      destroyAll()
      server.close()
      await once(server, 'close')
    },
  }
}
