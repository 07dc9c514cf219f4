/** A TCP connection between a server and its store that a test can cut, silence and heal. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

type State = 'open' | 'silent' | 'refusing'

/** In front of the host and port of `url`. */
export const createTcpProxy = async (url: string) => {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let state: State = 'open'

  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  const server = createServer((client) => {
    track(client)
    if (state === 'refusing') {
      client.destroy()
      return
    }
    const engine = track(connect(Number(port), hostname))
    const forward = (from: Socket, to: Socket): void => {
      // What is said while the line is silent is lost, as it is when packets are dropped.
      from.on('data', (chunk) => state === 'open' && to.write(chunk))
      from.once('close', () => to.destroy())
    }
    forward(client, engine)
    forward(engine, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const proxied = new URL(url)
  proxied.hostname = '127.0.0.1'
  proxied.port = String((server.address() as AddressInfo).port)

  const drop = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  return {
    /** The URL by which a server reaches its store through here. */
    url: proxied.href,
    /** Nothing arrives any more, in either direction, and nobody is told. */
    silence(): void {
      state = 'silent'
    },
    /** Every connection breaks, and no new one is made. */
    cut(): void {
      state = 'refusing'
      drop()
    },
    /** Connections that were silent stay lost; new ones work. */
    heal(): void {
      state = 'open'
      drop()
    },
    async close(): Promise<void> {
      drop()
      server.close()
      await once(server, 'close')
    },
  }
}

export type TcpProxy = Awaited<ReturnType<typeof createTcpProxy>>
