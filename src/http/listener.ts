/**
 * The TLS listeners: TLS 1.2 with ECDHE-GCM suites and TLS 1.3, HTTP/2 and HTTP/1.1 by ALPN, and the connections they hold,
 * so that a shutdown can let the busy ones finish and close the idle ones.
 */
import { constants } from 'node:crypto'
import {
  createSecureServer,
  type Http2SecureServer,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { Config } from '../config/schema.ts'

const HANDSHAKE_TIMEOUT_MS = 5_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const CONNECTIONS_CHECKING_INTERVAL_MS = 1_000
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const MAX_HEADER_BYTES = 16_384

type ResponseOfConnection = { headersSent: boolean; writableFinished: boolean }

type RequestOfConnection = { httpVersionMajor: number; socket: Socket }

export type ListenerHandler = NonNullable<Parameters<typeof createSecureServer>[1]>

/** What the handshake shows and asks; it can be renewed while the listener listens. */
const contextOf = (config: Config, asksForCertificate: boolean): SecureContextOptions => ({
  key: config.pem.server_private_key,
  cert: config.pem.server_certificate,
  minVersion: config.tls.minVersion,
  ciphers: config.tls.ciphers,
  honorCipherOrder: true,
  // T-MT-04 – no session is resumed: it would bring back a certificate without its intermediates and without another proof of its key.
  ...(asksForCertificate ? { ca: config.pem.client_ca, secureOptions: constants.SSL_OP_NO_TICKET } : {}),
})

/**
 * An unknown certificate reaches the endpoint, which answers in words; the handshake could only break.
 */
const ASKING: SecureServerOptions = { requestCert: true, rejectUnauthorized: false }

/** `asksForCertificate`: browsers may prompt for one, so only where clients are known to have it. */
const toServerOptions = (config: Config, asksForCertificate: boolean): SecureServerOptions => {
  const requestTimeoutMs = config.server_params.request_timeout_secs * 1000
  const options = {
    allowHTTP1: true,
    ...contextOf(config, asksForCertificate),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(asksForCertificate ? ASKING : {}),
    maxHeaderSize: MAX_HEADER_BYTES,
    maxHeaderListPairs: 128,
    settings: { maxHeaderListSize: MAX_HEADER_BYTES, maxConcurrentStreams: 100 },
    streamResetBurst: 200,
    streamResetRate: 33,
    // What follows is for HTTP/1.1.
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL_MS,
  }
  return options
}

export const createListener = (
  config: Config,
  handler: ListenerHandler,
  asksForCertificate: boolean,
): Http2SecureServer => {
  const server = createSecureServer(toServerOptions(config, asksForCertificate), handler)
  // A client that breaks the handshake is its own trouble.
  server.on('tlsClientError', () => undefined)
  server.on('sessionError', () => undefined)
  return server
}

/** For the handshakes from now on; connections that are open stay as they are. */
export const renewContext = (server: Http2SecureServer, config: Config, asksForCertificate: boolean): void =>
  server.setSecureContext(contextOf(config, asksForCertificate))

/** Follows the connections of listeners: sockets that speak HTTP/1.1, and sessions of HTTP/2, which end gracefully by themselves. */
export const createConnections = () => {
  const idle = new Set<Socket>()
  const busy = new Map<Socket, number>()
  const responses = new WeakMap<Socket, ResponseOfConnection>()
  const sessions = new Set<ServerHttp2Session>()
  let isClosing = false

  return {
    follow(server: Http2SecureServer): void {
      server.on('secureConnection', (socket) => {
        if (socket.alpnProtocol === 'h2') return
        idle.add(socket)
        socket.once('close', () => {
          idle.delete(socket)
          busy.delete(socket)
        })
      })
      server.on('session', (session) => {
        sessions.add(session)
        session.setTimeout(KEEP_ALIVE_TIMEOUT_MS, () => session.close())
        session.once('close', () => sessions.delete(session))
      })
    },

    begin({ httpVersionMajor, socket }: RequestOfConnection, response: ResponseOfConnection): void {
      // Of HTTP/2, every request has a socket of its own, which stands for the session's.
      if (httpVersionMajor !== 1) return
      responses.set(socket, response)
      idle.delete(socket)
      busy.set(socket, (busy.get(socket) ?? 0) + 1)
    },

    end({ httpVersionMajor, socket }: RequestOfConnection): void {
      if (httpVersionMajor !== 1) return
      const count = (busy.get(socket) ?? 1) - 1
      if (count > 0) busy.set(socket, count)
      else if (busy.delete(socket) && !socket.destroyed) {
        if (isClosing) socket.end()
        else idle.add(socket)
      }
    },

    /** What came is no HTTP. One answer a request: what is being answered already gets no second one. */
    refuse(socket: Socket): void {
      const response = responses.get(socket)
      const isAnswering = response?.headersSent === true && !response.writableFinished
      if (!socket.writable) socket.destroy()
      else if (isAnswering) socket.end()
      else socket.end(BAD_REQUEST)
    },

    /** Closes what is idle, and the rest as soon as it has answered. */
    close(): void {
      isClosing = true
      for (const session of sessions) session.close()
      for (const socket of idle) socket.destroy()
    },

    destroy(): void {
      for (const session of sessions) session.destroy()
      for (const socket of [...idle, ...busy.keys()]) socket.destroy()
    },
  }
}

export type Connections = ReturnType<typeof createConnections>
