/** RFC 9110 §9.3.6 and RFC 9112 §3.2.2 – outbound requests through an HTTP proxy, and the hosts that are reached without it. */
import { type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestOverTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import ipaddr from 'ipaddr.js'

export type ProxyParams = {
  url: string
  basic_auth_username?: string | undefined
  basic_auth_password?: string | undefined
  custom_auth_header?: string | undefined
  exclusion_list: readonly string[]
}

export type Destination = { hostname: string; addresses: readonly string[] }

const contains = (network: string, address: string): boolean => {
  const base = ipaddr.parse(network.split('/', 1)[0] ?? '')
  const parsed = ipaddr.parse(address)
  if (base.kind() !== parsed.kind()) return false
  return network.includes('/') ? parsed.match(ipaddr.parseCIDR(network)) : parsed.toString() === base.toString()
}

const isNetwork = (entry: string): boolean => ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry)

/** Whether an entry of the list is the destination's name or a `.suffix` of it. */
const names = (entry: string, { hostname }: Destination): boolean => {
  const wanted = entry.toLowerCase()
  return wanted.startsWith('.') ? hostname.endsWith(wanted) : hostname === wanted
}

/** By name, or because the list holds every address that the name has. */
export const goesDirect = (proxy: ProxyParams, destination: Destination): boolean => {
  const networks = proxy.exclusion_list.filter(isNetwork)
  const { addresses } = destination
  if (addresses.length > 0 && addresses.every((address) => networks.some((network) => contains(network, address))))
    return true
  return proxy.exclusion_list.some((entry) => !isNetwork(entry) && names(entry, destination))
}

const authorization = (proxy: ProxyParams): Record<string, string> => {
  if (proxy.custom_auth_header !== undefined) return { 'proxy-authorization': proxy.custom_auth_header }
  if (proxy.basic_auth_username === undefined) return {}
  const credentials = `${proxy.basic_auth_username}:${proxy.basic_auth_password ?? ''}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

const authorityOf = (address: string, port: number): string =>
  `${isIP(address) === 6 ? `[${address}]` : address}:${port}`

/** More networks lead to IPv4 addresses than to others. */
const likelyFirst = (addresses: readonly string[]): string[] => [
  ...addresses.filter((address) => isIP(address) === 4),
  ...addresses.filter((address) => isIP(address) !== 4),
]

/** What is not encrypted is asked of the proxy itself: the request to send there, to an address and not to a name. */
export const toForward = (
  proxy: ProxyParams,
  url: URL,
  { addresses, port }: { addresses: readonly string[]; port: number },
): { url: URL; path: string; headers: Record<string, string> } => {
  const authority = authorityOf(likelyFirst(addresses)[0] ?? '', port)
  const path = `http://${authority}${url.pathname}${url.search}`
  return { url: new URL(proxy.url), path, headers: { host: authority, ...authorization(proxy) } }
}

const openTunnelTo = (proxy: ProxyParams, authority: string, signal: AbortSignal): Promise<Duplex> => {
  const url = new URL(proxy.url)
  const options: RequestOptions = {
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...authorization(proxy) },
    agent: false,
    signal,
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestOverTls(url, options) : requestPlain(url, options)
    request.on('error', reject)
    request.once('response', (response: IncomingMessage) => {
      response.destroy()
      reject(new Error(`the proxy answered ${response.statusCode}`))
    })
    request.once('connect', (response, socket, head) => {
      if (response.statusCode === 200 && head.length === 0) return resolve(socket)
      socket.destroy()
      reject(new Error(`the proxy answered ${response.statusCode}`))
    })
    request.end()
  })
}

/** A tunnel to one of the addresses, not to a name: the proxy must not look up again what was checked. */
export const openTunnel = async (
  proxy: ProxyParams,
  { addresses, port }: { addresses: readonly string[]; port: number },
  signal: AbortSignal,
): Promise<Duplex> => {
  let refused: unknown
  for (const address of likelyFirst(addresses)) {
    try {
      return await openTunnelTo(proxy, authorityOf(address, port), signal)
    } catch (error) {
      refused = error
      if (signal.aborted) break
    }
  }
  throw refused
}
