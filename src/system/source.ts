/** Who is counted as one where somebody's attempts are counted by address. */
import ipaddr from 'ipaddr.js'

const IPV6_PREFIX_PARTS = 4

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/

/** One IPv4 address, or the /64 that one IPv6 customer has at the least. */
export const sourceOf = (ip: string): string => {
  // The address of a socket, as it was read: parsing it costs more than the rest of a client's authentication.
  if (IPV4.test(ip)) return ip
  if (!ipaddr.isValid(ip)) return 'unknown'
  const address = ipaddr.process(ip)
  return address instanceof ipaddr.IPv6
    ? address.parts
        .slice(0, IPV6_PREFIX_PARTS)
        .map((part) => part.toString(16))
        .join(':')
    : address.toString()
}
