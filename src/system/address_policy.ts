/** RFC 8725 §3.10 – which addresses a fetch may reach when somebody else chose the URL: public ones and those allowed by name. */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

export type AddressPolicyParams = {
  /** Development: the machine itself may be asked. */
  allowLoopback: boolean
  /** CIDR ranges that may be asked although they are not public. */
  allowedNetworks: readonly string[]
}

/** RFC 4291 §2.4 – all global unicast addresses there are lie in here; what is outside is translated, local or unassigned. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (!(address instanceof ipaddr.IPv6) || address.match(GLOBAL_UNICAST))

/** Mapped and translated addresses are judged as they stand: an IPv4 address in IPv6 clothes is never public. */
export const createAddressPolicy = ({ allowLoopback, allowedNetworks }: AddressPolicyParams) => {
  const allowed = allowedNetworks.map((network) => ipaddr.parseCIDR(network))
  return (text: string): boolean => {
    // A zone is local by nature, and the decimal, octal and hexadecimal forms are for URLs alone.
    if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !(ipaddr.IPv6.isValid(text) && !text.includes('%'))) return false
    const address = ipaddr.parse(text)
    if (isPublic(address)) return true
    if (allowLoopback && address.range() === 'loopback') return true
    return allowed.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))
  }
}

export const isLoopback = (text: string): boolean => ipaddr.isValid(text) && ipaddr.parse(text).range() === 'loopback'
