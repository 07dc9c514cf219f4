/** Where a store is, from its `connection_url`. */
import { isHost, isLoopback, isPort } from './addresses.ts'
import { parseRedisUrl } from './redis_url.ts'

export type StoreUrl = {
  backend: 'sqlite' | 'postgresql' | 'mysql' | 'redis'
  /** Path of the SQLite file, or `:memory:`. */
  file?: string
  /** False for a file, a Unix socket and a loopback address. */
  isRemote: boolean
  /** Whether the URL asks for TLS with a server that proves who it is. */
  hasTls: boolean
  /** The certificate authority that the URL names a file of. */
  caFile?: string | undefined
}

/** The forms that are understood, fit for `expected …`. */
export const URL_FORMS = {
  sqlite: 'sqlite://file, sqlite:///absolute/file or sqlite::memory:',
  postgresql: 'postgresql://user:password@host:5432/database or postgresql://user:password@/run/postgresql/database',
  mysql: 'mysql://user:password@host:3306/database',
  redis:
    'redis://host:6379/0, redis+sentinel://host:26379,host:26379/primary/0 or redis+cluster://host:6379,host:6379 (rediss… for TLS)',
} as const

type Unfit = { found: string; backend?: StoreUrl['backend'] }

const URL_PARTS =
  /^([a-z][a-z0-9+.-]*):\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#[\]]*)(?::([^/?#]*))?(\/[^?#]*)?(?:\?([^#]*))?$/i

const schemes: Record<string, StoreUrl['backend']> = {
  postgresql: 'postgresql',
  postgres: 'postgresql',
  mysql: 'mysql',
  redis: 'redis',
  rediss: 'redis',
}

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const parseSqlite = (url: string): StoreUrl | Unfit => {
  const backend = 'sqlite'
  if (url === 'sqlite::memory:') return { backend, file: ':memory:', isRemote: false, hasTls: false }
  const file = /^sqlite:\/\/([^?#]+)$/.exec(url)?.[1]
  if (file === undefined) return { backend, found: 'a SQLite URL of another form' }
  return file.endsWith('/') ? { backend, found: 'a directory' } : { backend, file, isRemote: false, hasTls: false }
}

const VERIFIED = ['require', 'verify-ca', 'verify-full', 'required', 'verify_ca', 'verify_identity', 'true', '1']
const UNVERIFIED = ['disable', 'disabled', 'false', '0', 'no-verify']

type Tls = { hasTls: boolean; caFile: string | undefined }

/** `sslmode` of PostgreSQL, `ssl-mode` of MySQL, and `ssl`; undefined when the mode is none of them. */
const tlsOf = (query: string): Tls | undefined => {
  const parameters = new Map([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]))
  const mode = parameters.get('sslmode') ?? parameters.get('ssl-mode') ?? parameters.get('ssl') ?? 'disable'
  const hasTls = VERIFIED.includes(mode.toLowerCase())
  if (!hasTls && !UNVERIFIED.includes(mode.toLowerCase())) return undefined
  return { hasTls, caFile: parameters.get('sslrootcert') ?? parameters.get('ssl-ca') }
}

/** `/database`, or `/socket/directory/database` where there is no host. */
const isPathFit = (backend: StoreUrl['backend'], host: string, path: string): boolean => {
  if (backend === 'redis') return /^(\/\d{0,5})?$/.test(path)
  if (host === '') return /^\/.*[^/]\/[^/]+$/.test(path)
  return /^\/[^/]+$/.test(path)
}

type ServerParts = { backend: StoreUrl['backend']; user: string; host: string; port: string | undefined; path: string }

const faultOf = ({ backend, user, host, port, path }: ServerParts): string | undefined => {
  const checks: [boolean, string][] = [
    [host.includes('@'), 'more than one @ (inside a password it is written %40)'],
    [!isDecodable(user) || !isDecodable(path), 'a % that begins no escape (a % itself is written %25)'],
    [host !== '' && !isHost(host.replace(/^\[(.*)\]$/, '$1')), 'a host that is no name and no address'],
    [host === '' && backend === 'redis', 'no host'],
    [port !== undefined && (!isPort(port) || Number(port) === 0), 'a port that is no number from 1 to 65535'],
    [!isPathFit(backend, host, path), 'no database name, or more path than that'],
  ]
  return checks.find(([isFault]) => isFault)?.[1]
}

const parseServer = (url: string): StoreUrl | Unfit => {
  const [, scheme = '', user = '', host = '', port, path = '', query = ''] = URL_PARTS.exec(url) ?? []
  const backend = schemes[scheme.toLowerCase()]
  if (backend === undefined) return { found: 'a URL of another form' }
  const found = faultOf({ backend, user, host, port, path })
  if (found !== undefined) return { backend, found }
  const tls = tlsOf(query)
  if (!tls) return { backend, found: 'an sslmode that is not known' }
  const hasTls = scheme.toLowerCase() === 'rediss' || tls.hasTls
  return { backend, isRemote: host !== '' && !isLoopback(host), hasTls, caFile: tls.caFile }
}

/** Several hosts, or one that stands for several. */
const parseRedisList = (url: string): StoreUrl | Unfit => {
  const backend = 'redis'
  const userInfo = /:\/\/([^/?#]*)@/.exec(url)?.[1] ?? ''
  if (userInfo.includes('@')) return { backend, found: 'more than one @ (inside a password it is written %40)' }
  if (!isDecodable(userInfo)) return { backend, found: 'a % that begins no escape (a % itself is written %25)' }
  const parsed = parseRedisUrl(url)
  if (typeof parsed === 'string') return { backend, found: parsed }
  return { backend, isRemote: parsed.nodes.some(({ host }) => !isLoopback(host)), hasTls: parsed.hasTls }
}

/** `found` never quotes the URL, which may hold a password. */
export const parseStoreUrl = (url: string): StoreUrl | Unfit => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) return { found: 'no URL' }
  if (scheme === 'sqlite') return parseSqlite(url)
  if (/^rediss?(\+|$)/.test(scheme)) return /\+|,/.test(url) ? parseRedisList(url) : parseServer(url)
  return parseServer(url)
}
