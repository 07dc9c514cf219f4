/**
 * The address a request came from. X-Forwarded-For is believed only as far as trusted proxies wrote it: read from right to
 * left, the first address that is not a trusted proxy is the client's.
 */
import ipaddr from 'ipaddr.js'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

const MAX_HOPS = 32

const parse = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined => {
  if (!ipaddr.isValid(text)) return undefined
  return ipaddr.process(text)
}

/** `trustedProxies` are CIDR ranges, checked by the configuration. */
export const createClientAddress = (trustedProxies: readonly string[]) => {
  const ranges: Range[] = trustedProxies.map((text) => ipaddr.parseCIDR(text))

  const isTrusted = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
    ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))

  return (socketAddress: string | undefined, forwardedFor: string | string[] | undefined): string => {
    const peer = parse(socketAddress ?? '')
    if (!peer) return socketAddress ?? ''
    if (ranges.length === 0 || forwardedFor === undefined || !isTrusted(peer)) return peer.toString()
    const hops = [forwardedFor].flat().join(',').split(',').slice(-MAX_HOPS).reverse()
    let client = peer
    for (const hop of hops) {
      const address = parse(hop.trim())
      // An unreadable hop ends the chain: what stands left of it could be anything.
      if (!address) break
      client = address
      if (!isTrusted(address)) break
    }
    return client.toString()
  }
}

export type ClientAddress = ReturnType<typeof createClientAddress>
