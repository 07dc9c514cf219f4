/** The outbound proxy. RFC 9110 §11.7 – its credentials. */
import { isAddress, isDnsName, isHost, isLoopback, isPort, normalizeRange } from './addresses.ts'
import type { Report } from './report.ts'
import type { Draft } from './shape.ts'

type ProxyTable = NonNullable<Draft['proxy_params']>

const URL_FORM = 'http://host:port or https://host:port'

/** Whether the proxy's credentials would travel in the clear; the URL itself is never shown, it may hold a password. */
export type ProxyFacts = { sendsPasswordInClear: boolean }

const checkUrl = (url: string, report: Report): { scheme: string; host: string } | undefined => {
  const path = ['proxy_params', 'url']
  const refuse = (found: string): undefined => {
    report.problem(path, found, URL_FORM)
  }
  const [, scheme, user, host = '', port, rest] =
    /^(https?):\/\/(?:(.*)@)?(\[[^\]]*\]|[^:/?#@[\]]*)(?::([^/?#]*))?(.*)$/i.exec(url) ?? []
  if (scheme === undefined) return refuse('no http or https URL')
  if (user !== undefined) return refuse('credentials, which belong into basic_auth_username and basic_auth_password')
  if (!isHost(host.replace(/^\[(.*)\]$/, '$1'))) return refuse('no host')
  if (port === undefined || !isPort(port) || Number(port) === 0) return refuse('no port')
  if (rest !== '' && rest !== '/') return refuse('a path, query or fragment')
  return { scheme: scheme.toLowerCase(), host }
}

const checkCredentials = (params: ProxyTable, report: Report): void => {
  const { basic_auth_username: username, basic_auth_password: password, custom_auth_header: header } = params
  const hasUsername = username !== undefined || report.isBroken(['proxy_params', 'basic_auth_username'])
  const hasPassword =
    password !== undefined ||
    ['', '_file'].some((end) => report.isBroken(['proxy_params', `basic_auth_password${end}`]))
  if (hasUsername && !hasPassword)
    report.problem(['proxy_params', 'basic_auth_password'], 'nothing', 'the password of basic_auth_username')
  if (hasPassword && !hasUsername)
    report.problem(['proxy_params', 'basic_auth_username'], 'nothing', 'the user of basic_auth_password')
  // RFC 7617 §2 – the colon ends the user name.
  if (username?.includes(':')) report.problem(['proxy_params', 'basic_auth_username'], 'a colon', 'a name without one')
  // RFC 9110 §5.5 – a line break would begin another header.
  if (header !== undefined && !/^[\x20-\x7e]+$/.test(header))
    report.problem(
      ['proxy_params', 'custom_auth_header'],
      'characters other than printable ASCII',
      'the value of a header',
    )
}

const isExclusion = (entry: string): boolean => {
  if (entry.startsWith('.')) return isDnsName(entry.slice(1))
  return entry.includes('/') ? 'range' in normalizeRange(entry) : isDnsName(entry) || isAddress(entry)
}

export const checkProxy = (params: Draft['proxy_params'], report: Report): ProxyFacts => {
  if (!params) return { sendsPasswordInClear: false }
  checkCredentials(params, report)
  for (const [index, entry] of (params.exclusion_list ?? []).entries()) {
    const path = ['proxy_params', 'exclusion_list', index]
    if (entry !== undefined && !report.isBroken(path) && !isExclusion(entry))
      report.problem(path, report.show(path), 'a host, an IP address, a CIDR range or a .suffix')
  }
  const url =
    params.url === undefined || report.isBroken(['proxy_params', 'url']) ? undefined : checkUrl(params.url, report)
  const hasSecret = params.basic_auth_password !== undefined || params.custom_auth_header !== undefined
  return { sendsPasswordInClear: hasSecret && url !== undefined && url.scheme === 'http' && !isLoopback(url.host) }
}
