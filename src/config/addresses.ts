/** Hosts, addresses and ranges as an operator writes them. RFC 1123 §2.1, RFC 4632 §3.1, RFC 4291 §2.3. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** With the underscore, which names of containers have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i

/** A DNS name. One that ends in a number is an IP address gone wrong. */
export const isDnsName = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => LABEL.test(label)) && !/(^|\.)[0-9]+$/.test(text)

/** Without zone: the address of an interface of this machine is meant nowhere in the file but in host_name. */
export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%')

export const isHost = (text: string): boolean => isDnsName(text) || isAddress(text)

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

/** `localhost` and what is below it (RFC 6761 §6.3), 127.0.0.0/8 and ::1, with or without brackets. */
export const isLoopback = (host: string): boolean => {
  const name = withoutBrackets(host.toLowerCase())
  if (isAddress(name)) return ipaddr.process(name).range() === 'loopback'
  return name === 'localhost' || name.endsWith('.localhost')
}

/** `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`; lower case, without the port 443. */
export const parseAuthority = (text: string): string | undefined => {
  const [, host = '', port] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? []
  const isValidHost = host.startsWith('[') ? isIPv6(withoutBrackets(host)) && !host.includes('%') : isHost(host)
  if (!isValidHost || (port !== undefined && !isPort(port))) return undefined
  return port === undefined || Number(port) === 443 ? host : `${host}:${Number(port)}`
}

export const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535

type Range = { address: ipaddr.IPv4 | ipaddr.IPv6; bits: number }

/** What is wrong, fit for `found …`. */
type Unfit = { found: string }

/** CVE-2026-92395 – `::ffff:10.0.0.0/8` counts its bits from the front of IPv6 and so holds the whole IPv4 internet. */
const MAPPED_BITS = 96

const unmap = ({ address, bits }: Range): Range | Unfit => {
  if (!('isIPv4MappedAddress' in address) || !address.isIPv4MappedAddress()) return { address, bits }
  if (bits < MAPPED_BITS) return { found: 'a range of mapped IPv4 addresses shorter than /96' }
  return { address: address.toIPv4Address(), bits: bits - MAPPED_BITS }
}

/** Whether no bit is set behind the prefix; 10.0.0.1/8 may mean the one address or all of them. */
const isNetwork = ({ address, bits }: Range): boolean =>
  address.toByteArray().every((byte, index) => {
    const prefixBits = Math.min(8, Math.max(0, bits - 8 * index))
    return (byte & (0xff >> prefixBits)) === 0
  })

const parseRange = (text: string): Range | Unfit => {
  const [host = '', suffix, ...rest] = text.split('/')
  const width = isIPv4(host) ? 32 : 128
  if (!isAddress(host) || rest.length > 0 || (suffix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(suffix)))
    return { found: 'no address range' }
  const bits = suffix === undefined ? width : Number(suffix)
  if (bits > width) return { found: `a prefix longer than /${width}` }
  const range = unmap({ address: ipaddr.parse(host), bits })
  if ('found' in range || isNetwork(range)) return range
  return { found: 'address bits behind the prefix' }
}

/** The range in its shortest form, with a prefix; a single address is the range of itself. */
export const normalizeRange = (text: string): { range: string; bits: number } | Unfit => {
  const parsed = parseRange(text)
  return 'found' in parsed ? parsed : { range: `${parsed.address.toString()}/${parsed.bits}`, bits: parsed.bits }
}
