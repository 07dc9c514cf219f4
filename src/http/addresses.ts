/** Where to listen: every address that the host's name stands for, and the second port for client certificates. */
import { lookup } from 'node:dns/promises'
import type { Http2SecureServer } from 'node:http2'
import type { Config } from '../config/schema.ts'
import { createListener, type ListenerHandler } from './listener.ts'

/** What a machine without the address says. */
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** A client of `localhost` tries either of its addresses, whatever this machine's own table says of the name. */
export const addressesOf = async (host: string): Promise<[string, ...string[]]> => {
  if (host === 'localhost') return ['127.0.0.1', '::1']
  const found = await lookup(host, { all: true })
  const [first = host, ...others] = new Set(found.map(({ address }) => address))
  return [first, ...others]
}

/** False when this machine does not have the address. */
const listen = (server: Http2SecureServer, port: number, host: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (ABSENT.has(error.code ?? '')) resolve(false)
      else reject(error)
    })
    server.listen({ port, host, ipv6Only: host.includes(':') && host !== '::' }, () => resolve(true))
  })

/** Beside the main listener, which has the first address and `port`. */
export const listenBeside = async (
  config: Config,
  handler: ListenerHandler,
  [first, ...others]: [string, ...string[]],
  port: number,
): Promise<{ server: Http2SecureServer; asks: boolean }[]> => {
  const { asks_for_certificate: asks, mtls_params: mtls } = config
  const { host_port: mtlsPort } = mtls
  const wanted = others.map((host) => ({ host, port, asks }))
  if (mtlsPort !== undefined) wanted.push(...[first, ...others].map((host) => ({ host, port: mtlsPort, asks: true })))
  const servers: { server: Http2SecureServer; asks: boolean }[] = []
  for (const address of wanted) {
    const server = createListener(config, handler, address.asks)
    if (await listen(server, address.port, address.host)) servers.push({ server, asks: address.asks })
  }
  return servers
}
