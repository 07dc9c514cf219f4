/** Bytes on a TLS connection, for what no HTTP library sends, and requests over HTTP/2. */
import { type EventEmitter, once } from 'node:events'
import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import type { Target } from './client.ts'

/** A connection over which HTTP/1.1 was agreed. */
export const openConnection = async ({ issuer, ca }: Target): Promise<TLSSocket> => {
  const { hostname, port } = new URL(issuer)
  const socket = connect({ host: hostname, port: Number(port), servername: hostname, ca, ALPNProtocols: ['http/1.1'] })
  // A reset is one of the answers that a test may get; what was read until then is the result.
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

export const isOpen = (socket: TLSSocket): boolean => !socket.destroyed && socket.readable

/** Unlike `once`, an error is no reason to give up: the end comes after it. */
const closing = (stream: EventEmitter): Promise<void> => new Promise((resolve) => stream.once('close', resolve))

/** Everything the server says until it closes the connection. */
export const readToEnd = async (socket: TLSSocket): Promise<string> => {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await closing(socket)
  return Buffer.concat(chunks).toString('latin1')
}

/** Sends bytes as they are and gives the whole answer: the request has to ask for `Connection: close`, or be refused. */
export const sendRaw = async (target: Target, bytes: string | Buffer): Promise<string> => {
  const socket = await openConnection(target)
  const answer = readToEnd(socket)
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return await answer
}

/** The status of the first answer; 0 when the connection ended without one. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

export type Http2Answer = { status: number; headers: IncomingHttpHeaders; body: string }

/** One request over HTTP/2 on a connection of its own. A stream that is reset gives status 0. */
export const sendHttp2 = async (target: Target, headers: OutgoingHttpHeaders, body = ''): Promise<Http2Answer> => {
  const session = connectHttp2(target.issuer, { ca: target.ca })
  session.on('error', () => undefined)
  try {
    const stream = session.request(headers)
    const answer: Http2Answer = { status: 0, headers: {}, body: '' }
    stream.setEncoding('utf8')
    stream.on('response', (received) => {
      answer.status = Number(received[':status'])
      answer.headers = received
    })
    stream.on('data', (text: string) => {
      answer.body += text
    })
    stream.on('error', () => undefined)
    if (stream.writable) stream.end(body)
    if (!stream.closed) await closing(stream)
    return answer
  } finally {
    session.destroy()
  }
}
