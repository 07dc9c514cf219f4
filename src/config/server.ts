/** The listener's address and ports, and whom it listens to. */
import { isIP } from 'node:net'
import { isDnsName, isLoopback, normalizeRange, parseAuthority } from './addresses.ts'
import { hostOf } from './issuer.ts'
import type { KeyPath, Report } from './report.ts'
import type { Draft } from './shape.ts'

/** What `check` makes of each entry; an entry that it refuses is reported by it. */
const eachEntry = (
  entries: readonly (string | undefined)[] | undefined,
  path: KeyPath,
  report: Report,
  check: (entry: string, path: KeyPath) => string | undefined,
): string[] =>
  (entries ?? []).flatMap((entry, index) => {
    const entryPath = [...path, index]
    return entry === undefined || report.isBroken(entryPath) ? [] : (check(entry, entryPath) ?? [])
  })

const trustedProxies = (draft: Draft, report: Report): string[] =>
  eachEntry(draft.server_params?.trusted_proxies, ['server_params', 'trusted_proxies'], report, (entry, path) => {
    const result = normalizeRange(entry)
    if (!('found' in result) && result.bits > 0) return result.range
    const found = 'found' in result ? result.found : 'a range of every address, which would let anyone choose theirs'
    report.problem(path, `${found}${report.aside(path)}`, 'a CIDR range as 10.0.0.0/8 or fd00::/8')
    return undefined
  })

const allowedHosts = (draft: Draft, report: Report): string[] =>
  eachEntry(draft.server_params?.allowed_hosts, ['server_params', 'allowed_hosts'], report, (entry, path) => {
    const host = parseAuthority(entry)
    if (host === undefined) report.problem(path, report.show(path), 'a host as example.com or example.com:8443')
    return host
  })

/** RFC 6454 §6.2 – scheme, host and port where it is not the default: the one spelling that browsers send. */
const isOrigin = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && parseAuthority(url.host) !== undefined
}

const corsOrigins = (draft: Draft, report: Report): void => {
  const path = ['server_params', 'cors_allowed_origins']
  const origins = eachEntry(draft.server_params?.cors_allowed_origins, path, report, (entry, entryPath) => {
    if (isOrigin(entry)) return entry
    report.problem(entryPath, report.show(entryPath), 'an origin as https://app.example.com: no path, no wildcard')
    return undefined
  })
  if (origins.length > 0) report.warn(path, `pages of ${origins.join(', ')} may call this server`)
}

const checkHostName = (draft: Draft, report: Report): void => {
  const { host_name: host, default_username: username } = draft
  if (host === undefined || report.isBroken(['host_name'])) return
  if (isIP(host) === 0 && !isDnsName(host))
    report.problem(['host_name'], report.show(['host_name']), 'an IP address without brackets or port, or a host name')
  else if (username !== undefined && !isLoopback(host))
    report.problem(
      ['default_username'],
      'a value',
      `none, because host_name is ${report.show(['host_name'])} and not loopback`,
    )
}

const checkMtlsPort = (draft: Draft, report: Report): void => {
  const port = draft.mtls_params?.host_port
  if (port !== undefined && port !== 0 && port === draft.host_port)
    report.problem(['mtls_params', 'host_port'], String(port), 'another port than host_port')
}

/** The issuer's host, with the second port for client certificates, and what the file adds. */
const hostsOf = (issuer: string | undefined, mtlsPort: number | undefined, allowed: readonly string[]): string[] => {
  if (issuer === undefined) return []
  const withMtlsPort = mtlsPort === undefined ? [] : [`${new URL(issuer).hostname}:${mtlsPort}`]
  return [...new Set([hostOf(issuer), ...withMtlsPort, ...allowed])]
}

export const checkServer = (draft: Draft, issuer: string | undefined, report: Report) => {
  checkHostName(draft, report)
  checkMtlsPort(draft, report)
  corsOrigins(draft, report)
  if (draft.default_username !== undefined)
    report.warn(['default_username'], 'requests without credentials act as this user; never use it in production')
  return {
    trustedProxies: trustedProxies(draft, report),
    hosts: hostsOf(issuer, draft.mtls_params?.host_port, allowedHosts(draft, report)),
  }
}
