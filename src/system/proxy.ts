/** RFC 9110 §9.3.6 – outbound connections through an HTTP proxy, and the hosts that are reached without it. */
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

/** Whether an entry of the list names the destination: by its name, by a `.suffix` of it, or by all of its addresses. */
const names = (entry: string, { hostname, addresses }: Destination): boolean => {
  if (isNetwork(entry)) return addresses.length > 0 && addresses.every((address) => contains(entry, address))
  const wanted = entry.toLowerCase()
  return wanted.startsWith('.') ? hostname.endsWith(wanted) : hostname === wanted
}

export const goesDirect = (proxy: ProxyParams, destination: Destination): boolean =>
  proxy.exclusion_list.some((entry) => names(entry, destination))

const authorization = (proxy: ProxyParams): Record<string, string> => {
  if (proxy.custom_auth_header !== undefined) return { 'proxy-authorization': proxy.custom_auth_header }
  if (proxy.basic_auth_username === undefined) return {}
  const credentials = `${proxy.basic_auth_username}:${proxy.basic_auth_password ?? ''}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** A tunnel to an address, not to a name: the proxy must not look up again what was checked. */
export const openTunnel = (proxy: ProxyParams, address: string, port: number, signal: AbortSignal): Promise<Duplex> => {
  const url = new URL(proxy.url)
  const authority = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`
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
