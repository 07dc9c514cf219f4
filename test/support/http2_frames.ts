/** RFC 9113 §4 – frames of HTTP/2 byte by byte, for what no library sends. */
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { Target } from './client.ts'

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const END_STREAM = 1
export const END_HEADERS = 4

export const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** RFC 7541 §6.2.2 – a field that enters no table: its name and value as they are, each shorter than 127 octets. */
export const field = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ])

/** GET of a path, in the static table as far as it goes. */
export const getHeaders = ({ issuer }: Target, path: string): Buffer =>
  Buffer.concat([Buffer.from([0x82, 0x87]), field(':path', path), field(':authority', new URL(issuer).host)])

/** A connection over which HTTP/2 was agreed and begun. */
export const openHttp2 = async ({ issuer, ca }: Target): Promise<TLSSocket> => {
  const { hostname, port } = new URL(issuer)
  const socket = connect({ host: hostname, port: Number(port), servername: hostname, ca, ALPNProtocols: ['h2'] })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(frame(FRAME.SETTINGS, 0, 0))
  return socket
}

const PATIENCE_MS = 2_000

/** False when the connection is over, or its other side has not read for a while. */
export const pour = (socket: TLSSocket, bytes: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer)
      socket.off('drain', goOn).off('close', end)
      resolve(isOpen)
    }
    const goOn = (): void => settle(true)
    const end = (): void => settle(false)
    const timer = setTimeout(end, PATIENCE_MS)
    if (socket.destroyed || !socket.writable) return end()
    socket.once('drain', goOn).once('close', end)
    if (socket.write(bytes)) goOn()
  })
