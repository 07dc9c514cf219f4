/** A client's end of back-channel and front-channel logout: a real server that keeps what comes and answers as it is told. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'

export type Notice = {
  form: URLSearchParams
  contentType: string | undefined
  tlsVersion: string | null | undefined
  arrivedAt: number
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

type Options = { tls?: { key: string; cert: string }; port?: number }

export const startLogoutReceiver = async ({ tls, port: wanted = 0 }: Options = {}) => {
  let status: number | 'silence' = 200
  const notices: Notice[] = []
  /** What browsers opened in a frame. */
  const frames: URLSearchParams[] = []

  const take = async (request: IncomingMessage): Promise<void> => {
    notices.push({
      form: new URLSearchParams(await bodyOf(request)),
      contentType: request.headers['content-type'],
      tlsVersion: (request.socket as TLSSocket).getProtocol?.(),
      arrivedAt: performance.now(),
    })
  }

  const listener: RequestListener = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/frontchannel') {
      frames.push(searchParams)
      response.setHeader('content-type', 'text/html').end('signed out')
      return
    }
    if (pathname !== '/backchannel' || request.method !== 'POST') {
      response.setHeader('content-type', 'text/html').end('a page of the client')
      return
    }
    void take(request).then(() => {
      if (status !== 'silence') response.writeHead(status).end(status === 204 ? undefined : 'not JSON')
    })
  }

  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`

  return {
    origin,
    port,
    notices,
    frames,
    /** What a client registers. */
    metadata: {
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [`${origin}/signed-out`],
      consent: 'skip',
    },
    backchannel: { backchannel_logout_uri: `${origin}/backchannel`, backchannel_logout_session_required: true },
    frontchannel: { frontchannel_logout_uri: `${origin}/frontchannel`, frontchannel_logout_session_required: true },
    answer(wantedStatus: number | 'silence'): void {
      status = wantedStatus
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type LogoutReceiver = Awaited<ReturnType<typeof startLogoutReceiver>>
