/** A server that takes client certificates, on its main port or on one of their own, and clients that show them. */
import 'reflect-metadata'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { type Answer, type RequestOptions, send } from './client.ts'
import { type Issued, issueAuthority, issueClient } from './pki.ts'
import { freePort } from './ports.ts'
import { type ServerOptions, startServer } from './server.ts'

export type PortKind = 'main' | 'own'

/** Of one user, whom the realm `main` knows by `san_dns`. */
export const ALICE = 'alice.example'

export type CertificateOptions = ServerOptions & { root?: Issued; lists?: string }

type Shown = { cert: string; key: string }

export const startCertificateServer = async (kind: PortKind, options: CertificateOptions = {}) => {
  const root = options.root ?? (await issueAuthority({ subject: 'CN=Clients' }))
  const intermediate = await issueAuthority({ subject: 'CN=Clients below' }, root)
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_clients-'))
  const file = join(folder, 'clients.crt')
  writeFileSync(file, root.pem)
  const { config = {}, lists, root: _root, ...others } = options
  const ownPort = kind === 'own' ? await freePort() : undefined
  const server = await startServer({
    ...others,
    config: {
      ...config,
      tls_params: { client_ca_cert_chain: file, ...(lists === undefined ? {} : { client_crl: lists }) },
      ...(ownPort === undefined ? {} : { mtls_params: { host_port: ownPort } }),
    },
  })
  await server.admin.updateRealm('main', {
    auth_params: {
      username_password_params: { allow_expired_passwords: false },
      totp_params: { algorithm: 'SHA1', step: 30 },
      client_certificate_params: { subject_from: 'san_dns' },
    },
  })
  const port = ownPort ?? server.prepared.port
  const origin = `https://localhost:${port}`

  return {
    server,
    root,
    intermediate,
    port,
    origin,
    issueAlice: (issuer: Issued = root): Promise<Issued> =>
      issueClient({ subject: 'CN=alice', names: [{ type: 'dns', value: ALICE }] }, issuer),

    /** On the port that asks for certificates. */
    request: (method: string, path: string, requestOptions: RequestOptions = {}): Promise<Answer> =>
      send(server, method, `${origin}${path}`, requestOptions),

    /** The same over HTTP/2. */
    requestHttp2: (
      method: string,
      path: string,
      shown: Partial<Shown> = {},
      json?: string,
    ): Promise<{ status: number; body: string }> =>
      new Promise((resolve, reject) => {
        const session = connectHttp2(origin, { ca: server.ca, ...shown })
        session.once('error', reject)
        const stream = session.request({
          ':method': method,
          ':path': path,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        })
        let status = 0
        let body = ''
        stream.once('error', reject)
        stream.once('response', (headers) => {
          status = headers[':status'] ?? 0
        })
        stream.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        stream.once('end', () => {
          session.close()
          resolve({ status, body })
        })
        stream.end(json)
      }),

    /** One HTTP/1.1 request on a connection of its own, of which the TLS session and whether it was resumed are told. */
    post: (
      path: string,
      tls: ConnectionOptions,
    ): Promise<{ status: number; session: Buffer | undefined; isResumed: boolean }> =>
      new Promise((resolve, reject) => {
        let session: Buffer | undefined
        let text = ''
        const socket: TLSSocket = connect(
          { host: '127.0.0.1', port, servername: 'localhost', ca: server.ca, ...tls },
          () =>
            socket.write(
              `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
            ),
        )
        socket.on('session', (ticket: Buffer) => {
          session = ticket
        })
        socket.once('error', reject)
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        socket.once('end', () => {
          const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
          resolve({ status, session: session ?? socket.getSession(), isResumed: socket.isSessionReused() })
        })
      }),

    async close(): Promise<void> {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type CertificateServer = Awaited<ReturnType<typeof startCertificateServer>>
