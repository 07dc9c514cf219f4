/** The issuer identifier. RFC 8414 §2 and OpenID Connect Discovery §3: compared as a string, so that only one spelling may exist. */
import type { X509Certificate } from 'node:crypto'
import { isLoopback, parseAuthority } from './addresses.ts'
import { dnsNames } from './certificate_chain.ts'
import type { Report } from './report.ts'
import type { Draft } from './shape.ts'

const PATH = ['oauth_params', 'issuer'] as const

const EXPECTED = 'https://host, https://host:port or https://host/path in its one spelling'

/** Everything that lets two spellings name one issuer, or that the specifications rule out. */
const faultsOf = (issuer: string): string[] => {
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(issuer)?.[1] ?? ''
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const checks: [boolean, string][] = [
    [!issuer.startsWith('https://'), 'no https URL'],
    [authority.includes('@'), 'a user'],
    [issuer.includes('?'), 'a query'],
    [issuer.includes('#'), 'a fragment'],
    [issuer.endsWith('/'), 'a slash at the end'],
    [/[A-Z]/.test(host), 'a host in upper case'],
    [/:443$/.test(host), 'the port 443, which is the default'],
  ]
  return checks.flatMap(([isFault, words]) => (isFault ? [words] : []))
}

/** Dot segments, escapes, other alphabets: whatever a URL parser would rewrite. */
const isCanonical = (issuer: string): boolean => {
  const url = URL.parse(issuer)
  if (url === null || parseAuthority(url.host) === undefined) return false
  return `${url.origin}${url.pathname === '/' ? '' : url.pathname}` === issuer
}

const checkIssuer = (issuer: string, report: Report): string | undefined => {
  const faults = faultsOf(issuer)
  if (faults.length === 0 && isCanonical(issuer)) return issuer
  const found = faults.length === 0 ? 'a URL in another spelling' : faults.join(', ')
  report.problem(PATH, `${found}${report.aside(PATH)}`, EXPECTED)
  return undefined
}

/** `leaf` is the server's certificate, whose first DNS name is the issuer's host where the file names none. */
export const checkIssuerOf = (draft: Draft, leaf: X509Certificate | undefined, report: Report): string | undefined => {
  const issuer = draft.oauth_params?.issuer
  if (report.isBroken(PATH)) return undefined
  if (issuer !== undefined) return checkIssuer(issuer, report)
  const port = draft.host_port
  if (leaf === undefined || port === undefined) return undefined
  const [name] = dnsNames(leaf)
  if (name !== undefined) return `https://${name}${port === 443 ? '' : `:${port}`}`
  report.problem(PATH, 'nothing', `${EXPECTED}, because server_certificate has no DNS name to take it from`)
  return undefined
}

export const hostOf = (issuer: string): string => new URL(issuer).host

export const isLoopbackIssuer = (issuer: string): boolean => isLoopback(new URL(issuer).hostname)
