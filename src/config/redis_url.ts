/**
 * Where Redis is: one server, the Sentinels that watch over a primary and its replicas, or the nodes of a Cluster.
 *
 *   redis://user:password@host:6379/0
 *   redis+sentinel://user:password@host:26379,host:26379/primary/0?sentinel_password=…
 *   redis+cluster://user:password@host:6379,host:6379
 *
 * `rediss…` speaks TLS to all of them. User and password are those of Redis itself.
 */
import { isHost, isPort } from './addresses.ts'

export type RedisNode = { host: string; port: number }

export type RedisLayout =
  | { kind: 'single' }
  | { kind: 'sentinel'; primary: string; database: number; sentinelPassword: string | undefined }
  | { kind: 'cluster' }

export type RedisUrl = {
  layout: RedisLayout
  nodes: readonly RedisNode[]
  hasTls: boolean
  username: string | undefined
  password: string | undefined
}

const URL_PARTS = /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^/?#@]+)(\/[^?#]*)?(?:\?([^#]*))?$/i

const MAX_NODES = 64

const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const

const decoded = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : decodeURIComponent(text)

/** `host`, `host:port`, `[::1]:port`; undefined when it is none of them. */
const parseNode = (text: string, defaultPort: number): RedisNode | undefined => {
  const [, bracketed, named, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(text) ?? []
  const host = bracketed ?? named ?? ''
  if (!isHost(host)) return undefined
  if (port === undefined) return { host, port: defaultPort }
  return isPort(port) && Number(port) > 0 ? { host, port: Number(port) } : undefined
}

const parseLayout = (kind: RedisLayout['kind'], path: string, query: URLSearchParams): RedisLayout | string => {
  if (kind === 'single') return /^\/?\d{0,5}$/.test(path) ? { kind } : 'no database name, or more path than that'
  if (kind === 'cluster') return path === '' || path === '/' ? { kind } : 'a path, which a Cluster has not'
  const [, primary, database] = /^\/([A-Za-z0-9._-]{1,128})(?:\/(\d{1,5}))?$/.exec(path) ?? []
  if (primary === undefined) return 'no name of the primary that the Sentinels watch'
  const sentinelPassword = query.get('sentinel_password') ?? undefined
  return { kind, primary, database: Number(database ?? 0), sentinelPassword }
}

/** What is wrong, in words that quote nothing of the URL; it must be one of Redis. */
export const parseRedisUrl = (url: string): RedisUrl | string => {
  const [, scheme, form, userInfo = '', hosts = '', path = '', query = ''] = URL_PARTS.exec(url) ?? []
  if (scheme === undefined) return 'a URL of another form'
  const kind = (form?.toLowerCase() ?? 'single') as RedisLayout['kind']
  const nodes = hosts.split(',').map((text) => parseNode(text, DEFAULT_PORTS[kind]))
  if (kind === 'single' && nodes.length > 1) return 'several hosts without saying what they are'
  if (nodes.length > MAX_NODES) return `more than ${MAX_NODES} hosts`
  const known = nodes.filter((node) => node !== undefined)
  if (known.length < nodes.length)
    return 'a host that is no name and no address, or a port that is no number from 1 to 65535'
  const layout = parseLayout(kind, path, new URLSearchParams(query))
  if (typeof layout === 'string') return layout
  const [username, password] = userInfo.includes(':') ? userInfo.split(/:(.*)/s) : [undefined, userInfo]
  return {
    layout,
    nodes: known,
    hasTls: scheme.toLowerCase() === 'rediss',
    username: decoded(username),
    password: decoded(password),
  }
}
