/** The connection URLs of the network engines. No message made here repeats any part of a URL: it carries a password. */
import { readFileSync } from 'node:fs'

type Tls = { rejectUnauthorized: boolean; ca?: string }

export type Address = {
  /** A host name or address; undefined with a Unix socket. */
  host: string | undefined
  port: number | undefined
  /** PostgreSQL: the directory of the socket. MySQL: the socket itself. */
  socket: string | undefined
  user: string
  password: string | undefined
  database: string
  /** Undefined for a plain connection. */
  tls: Tls | undefined
}

/** Stands where a URL of a Unix socket names no host, which the standard does not allow beside a user. */
const UNIX_SOCKET = 'unix-socket'

const parseUrl = (text: string, schemes: string[]): URL => {
  const [scheme = '', rest = ''] = text.split('://', 2)
  if (!schemes.includes(scheme) || rest === '') throw new Error(`connection_url: expected ${schemes[0]}://…`)
  const withHost = text.slice(scheme.length + 3).replace(/^([^@/]*@)?\//, `$1${UNIX_SOCKET}/`)
  const url = URL.parse(`${scheme}://${withHost}`)
  if (!url)
    throw new Error(`connection_url: not a valid ${schemes[0]} URL (percent-encode special characters in the password)`)
  return url
}

const PLAIN = ['disable', 'disabled', 'false', '0']
const VERIFIED = ['require', 'verify-ca', 'verify-full', 'required', 'verify_ca', 'verify_identity', 'true', '1']
const UNVERIFIED = ['no-verify']

/** A server that asks for TLS is also asked who it is: `require` verifies like `verify-full`. */
const tlsOf = (query: URLSearchParams): Tls | undefined => {
  const parameters = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]))
  const mode = (
    parameters.get('sslmode') ??
    parameters.get('ssl-mode') ??
    parameters.get('ssl') ??
    'disable'
  ).toLowerCase()
  const ca = parameters.get('sslrootcert') ?? parameters.get('ssl-ca')
  if (PLAIN.includes(mode)) return undefined
  if (VERIFIED.includes(mode)) return { rejectUnauthorized: true, ...(ca && { ca: readFileSync(ca, 'utf8') }) }
  if (UNVERIFIED.includes(mode)) return { rejectUnauthorized: false }
  throw new Error(`connection_url: sslmode must be one of ${[...PLAIN, ...VERIFIED, ...UNVERIFIED].join(', ')}`)
}

export const parseConnectionUrl = (text: string, schemes: string[]): Address => {
  const url = parseUrl(text, schemes)
  const path = decodeURIComponent(url.pathname)
  const slash = path.lastIndexOf('/')
  const database = path.slice(slash + 1)
  if (database === '') throw new Error('connection_url: the name of the database is missing at its end')
  const isSocket = url.hostname === UNIX_SOCKET
  // The name of a PostgreSQL socket ends in a port, for which a URL without a host has no other place.
  const port = url.port || url.searchParams.get('port')
  return {
    host: isSocket ? undefined : url.hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : undefined,
    socket: isSocket ? path.slice(0, slash) : undefined,
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database,
    tls: tlsOf(url.searchParams),
  }
}
