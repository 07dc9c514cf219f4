/** A line to a server that a test can cut, freeze and mend: what an outage looks like from this side. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Line = {
  port: number
  /** Ends every connection and refuses new ones. */
  cut(): void
  /** Keeps connections open and takes new ones, but nothing passes. */
  freeze(): void
  mend(): void
  close(): Promise<void>
}

export const openLine = async (host: string, port: number): Promise<Line> => {
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
  return {
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
