/**
 * The address a request came from. X-Forwarded-For is believed only as far as trusted proxies wrote it: read from right to
 * left, the first address that is not a trusted proxy is the client's.
 */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

type Range = [Address, number]

const MAX_HOPS = 32

/** How a socket that listens on both families writes an IPv4 peer. */
const IPV4_MAPPED = /^::ffff:(?=\d+\.)/

const parse = (text: string): Address | undefined => {
  if (!ipaddr.isValid(text)) return undefined
  return ipaddr.process(text)
}

/** `trustedProxies` are CIDR ranges, checked by the configuration. */
export const createClientAddress = (trustedProxies: readonly string[]) => {
  const ranges: Range[] = trustedProxies.map((text) => ipaddr.parseCIDR(text))

  const isTrusted = (address: Address): boolean =>
    ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))

  const throughHops = (peer: Address, forwardedFor: string): Address => {
    let client = peer
    for (const hop of forwardedFor.split(',').slice(-MAX_HOPS).reverse()) {
      const address = parse(hop.trim())
      // An unreadable hop ends the chain: what stands left of it could be anything.
      if (!address) break
      client = address
      if (!isTrusted(address)) break
    }
    return client
  }

  return (socketAddress: string | undefined, forwardedFor: string | string[] | undefined): string => {
    const text = socketAddress ?? ''
    if (ranges.length === 0 || forwardedFor === undefined) return text.replace(IPV4_MAPPED, '')
    const peer = parse(text)
    if (!peer) return text
    return (isTrusted(peer) ? throughHops(peer, [forwardedFor].flat().join(',')) : peer).toString()
  }
}

export type ClientAddress = ReturnType<typeof createClientAddress>
