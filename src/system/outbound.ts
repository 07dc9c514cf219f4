/**
 * RFC 8725 §3.10, OWASP SSRF – requests to URLs that somebody else chose, such as a client's `jwks_uri`. One name lookup,
 * whose every address must be allowed; the connection goes to those addresses and nowhere else. No redirect is followed,
 * nothing is decompressed, and whatever goes wrong, callers are told the same.
 */
import { lookup } from 'node:dns/promises'
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestOverTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { type AddressPolicyParams, createAddressPolicy, isLoopback } from './address_policy.ts'
import { createGate, type Gate } from './gate.ts'
import { goesDirect, openTunnel, type ProxyParams, toForward } from './proxy.ts'

/** Documents are shared by all who wait for them; an answer to a form is for one person alone. */
const DOCUMENT_LANE = { inAll: 10, perHost: 1 }
const FORM_LANE = { inAll: 40, perHost: 10 }
/** Anybody can have a client's own address asked again and again: nothing else waits for that. */
const TEXT_LANE = { inAll: 20, perHost: 4 }
/** Nobody waits for a notice: however many there are, people who are signing in come first. */
const NOTICE_LANE = { inAll: 16, perHost: 4 }
/** Names are looked up on the threads that hash passwords: most of them have to stay free. */
const MAX_LOOKUPS = 2

export type OutboundLimits = { maxBytes: number; timeoutMs: number }

export const OUTBOUND_LIMITS: OutboundLimits = { maxBytes: 65_536, timeoutMs: 3_000 }

/** Every failure looks the same, so that nobody maps a network by it; `cause` is for the log. */
export class OutboundError extends Error {
  constructor(cause: unknown) {
    super('The document could not be fetched', { cause })
    this.name = 'OutboundError'
  }
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

const resolveWithSystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address)

export type OutboundDeps = AddressPolicyParams & {
  proxy?: ProxyParams | undefined
  resolve?: Resolve
  /** Certificates to trust instead of the system's, PEM. */
  ca?: string | undefined
}

type Target = { url: URL; hostname: string; port: number }

/** A form makes it a POST. RFC 6749 §3.2. */
type Content = { form?: URLSearchParams; authorization?: string | undefined; accept?: readonly string[] }

type Path = {
  addresses: readonly string[]
  /** Undefined: straight there. */
  proxy: ProxyParams | undefined
  tunnel: Duplex | undefined
  signal: AbortSignal
}

/** Printable ASCII without the escape of NUL: URL parsers drop tabs and line breaks, and resolvers end at NUL. */
const PLAIN = /^(?!.*%00)[!-~]+$/

const toTarget = (text: string): Target => {
  if (!PLAIN.test(text)) throw new Error('the URL has characters that no URL has')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error('the URL is not https')
  if (url.username !== '' || url.password !== '') throw new Error('the URL carries credentials')
  const hostname = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return { url, hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) }
}

/** The promise, or the signal's reason when it aborts first; what is under way is left to end by itself. */
const orAbort = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })

/** Answers a socket's lookup with what was checked. */
const pinned =
  (addresses: readonly string[]): LookupFunction =>
  (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    if (options.all) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }

const readBody = async (response: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  if (response.statusCode !== 200) throw new Error(`the answer's status is ${response.statusCode}`)
  // A few compressed bytes can become any number: encoded bodies are refused, not decoded.
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') throw new Error('the answer is encoded')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What the answer says beside its status is of no interest, and not read. */
const requireAccepted = async ({ statusCode }: IncomingMessage): Promise<void> => {
  if (statusCode !== 200 && statusCode !== 204) throw new Error(`the answer's status is ${statusCode}`)
}

const decode = (body: Buffer): string => new TextDecoder('utf-8', { fatal: true }).decode(body)

type Read<T> = (response: IncomingMessage) => Promise<T>

const readingJson = ({ maxBytes, timeoutMs }: OutboundLimits): { timeoutMs: number; read: Read<unknown> } => ({
  timeoutMs,
  read: async (response) => JSON.parse(decode(await readBody(response, maxBytes))),
})

const readingText = (
  mediaTypes: readonly string[],
  { maxBytes, timeoutMs }: OutboundLimits,
): { timeoutMs: number; read: Read<string> } => ({
  timeoutMs,
  read: async (response) => {
    const [mediaType = ''] = (response.headers['content-type'] ?? '').split(';')
    if (!mediaTypes.includes(mediaType.trim().toLowerCase())) throw new Error('the answer is of another media type')
    return decode(await readBody(response, maxBytes))
  },
})

/** Lets so many requests be under way in all, and to one host and port. */
const createLane = ({ inAll, perHost }: { inAll: number; perHost: number }) => {
  const everywhere = createGate(inAll)
  const hosts = new Map<string, Gate>()
  return async <T>({ url }: Target, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const host = hosts.get(url.host) ?? createGate(perHost)
    hosts.set(url.host, host)
    const releases: (() => void)[] = []
    try {
      releases.push(await host.acquire(signal))
      releases.push(await everywhere.acquire(signal))
      return await work()
    } finally {
      for (const release of releases) release()
      if (host.isIdle() && hosts.get(url.host) === host) hosts.delete(url.host)
    }
  }
}

const FORM = 'application/x-www-form-urlencoded'

const JSON_TYPES = ['application/json', 'application/jwk-set+json']

const requestOptions = ({ form, authorization, accept = JSON_TYPES }: Content) => ({
  method: form === undefined ? 'GET' : 'POST',
  headers: {
    accept: accept.join(', '),
    'accept-encoding': 'identity',
    ...(form === undefined ? {} : { 'content-type': FORM, 'content-length': Buffer.byteLength(form.toString()) }),
    ...(authorization === undefined ? {} : { authorization }),
  },
  agent: false as const,
})

export const createOutbound = (deps: OutboundDeps) => {
  const { resolve = resolveWithSystem } = deps
  let { proxy } = deps
  const mayReach = createAddressPolicy(deps)
  const lookups = createGate(MAX_LOOKUPS)
  const documentLane = createLane(DOCUMENT_LANE)
  const textLane = createLane(TEXT_LANE)
  const formLane = createLane(FORM_LANE)
  const noticeLane = createLane(NOTICE_LANE)

  const resolveGently = async (hostname: string, signal: AbortSignal): Promise<readonly string[]> => {
    const release = await lookups.acquire(signal)
    // Held until the lookup ends, which may be long after the caller has given up.
    return await orAbort(resolve(hostname).finally(release), signal)
  }

  const checkedAddresses = async ({ url, hostname }: Target, signal: AbortSignal): Promise<readonly string[]> => {
    const addresses = isIP(hostname) === 0 ? await resolveGently(hostname, signal) : [hostname]
    if (addresses.length === 0) throw new Error('the name has no address')
    // One refused address is enough: a name that leads inside and outside is nobody's honest name.
    if (!addresses.every(mayReach)) throw new Error('an address is not allowed')
    if (url.protocol === 'http:' && !addresses.every(isLoopback)) throw new Error('the URL is not https')
    return addresses
  }

  const findPath = async (target: Target, signal: AbortSignal): Promise<Path> => {
    const { url, hostname, port } = target
    const addresses = await checkedAddresses(target, signal)
    const through = proxy
    if (!through || goesDirect(through, { hostname, addresses }))
      return { addresses, proxy: undefined, tunnel: undefined, signal }
    const tunnel = url.protocol === 'http:' ? undefined : await openTunnel(through, { addresses, port }, signal)
    return { addresses, proxy: through, tunnel, signal }
  }

  const startPlain = ({ url, port }: Target, { addresses, proxy: through }: Path, options: RequestOptions) => {
    if (!through) return requestPlain(url, { ...options, lookup: pinned(addresses) })
    const { url: proxyUrl, path, headers } = toForward(through, url, { addresses, port })
    const request = proxyUrl.protocol === 'http:' ? requestPlain : requestOverTls
    return request(proxyUrl, { ...options, path, headers: { ...options.headers, ...headers } })
  }

  const startTls = ({ url, hostname }: Target, { addresses, tunnel: socket }: Path, options: RequestOptions) => {
    const tls = {
      servername: isIP(hostname) === 0 ? hostname : '',
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2' as const,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    }
    const throughTunnel = socket ? { createConnection: () => connectTls({ ...tls, socket, host: hostname }) } : {}
    return requestOverTls(url, { ...options, ...tls, ...throughTunnel, lookup: pinned(addresses) })
  }

  const start = (target: Target, path: Path, content: Content): ClientRequest => {
    const options = { ...requestOptions(content), signal: path.signal }
    return target.url.protocol === 'http:' ? startPlain(target, path, options) : startTls(target, path, options)
  }

  const send = (target: Target, path: Path, content: Content): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = start(target, path, content)
      request.on('error', reject).once('response', resolve).end(content.form?.toString())
    })

  const exchange = async <T>(target: Target, content: Content, read: Read<T>, signal: AbortSignal): Promise<T> => {
    const path = await findPath(target, signal)
    let response: IncomingMessage | undefined
    try {
      response = await send(target, path, content)
      return await read(response)
    } finally {
      response?.destroy()
      path.tunnel?.destroy()
    }
  }

  /** Within `timeoutMs` all in all, waiting for its turn included. */
  const request = async <T>(
    lane: ReturnType<typeof createLane>,
    url: string,
    content: Content,
    { timeoutMs, read }: { timeoutMs: number; read: Read<T> },
  ): Promise<T> => {
    try {
      const target = toTarget(url)
      const signal = AbortSignal.timeout(timeoutMs)
      return await lane(target, signal, () => exchange(target, content, read, signal))
    } catch (error) {
      throw new OutboundError(error)
    }
  }

  return {
    /** For what is asked from now on. */
    useProxy(params: ProxyParams | undefined): void {
      proxy = params
    },

    /** The JSON document at an https URL. Throws OutboundError. */
    getJson: (url: string, limits: OutboundLimits = OUTBOUND_LIMITS): Promise<unknown> =>
      request(documentLane, url, {}, readingJson(limits)),

    /** The document at an https URL, of one of these media types. Throws OutboundError. */
    getText: (url: string, mediaTypes: readonly string[], limits: OutboundLimits): Promise<string> =>
      request(textLane, url, { accept: mediaTypes }, readingText(mediaTypes, limits)),

    /** The JSON answer, of status 200, to a form. `authorization` is the whole header. Throws OutboundError. */
    postForm: (
      url: string,
      { fields, authorization }: { fields: Record<string, string>; authorization?: string | undefined },
      limits: OutboundLimits = OUTBOUND_LIMITS,
    ): Promise<unknown> =>
      request(formLane, url, { form: new URLSearchParams(fields), authorization }, readingJson(limits)),

    /** A form whose answer is its status, 200 or 204. Throws OutboundError. */
    postNotice: (url: string, fields: Record<string, string>, timeoutMs: number): Promise<void> =>
      request(noticeLane, url, { form: new URLSearchParams(fields) }, { timeoutMs, read: requireAccepted }),
  }
}

export type Outbound = ReturnType<typeof createOutbound>
