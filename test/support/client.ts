/**
 * A small HTTPS client: one connection a request, the test authority trusted, redirects not followed. With a cookie jar it
 * is a browser without scripts, which reads the forms of the pages and sends them.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'

export type Answer = {
  status: number
  headers: IncomingHttpHeaders
  body: string
  json<T = Record<string, unknown>>(): T
}

/** A list of pairs where a name shall be repeated. */
export type FormFields = Record<string, string> | readonly (readonly [string, string])[]

export type RequestOptions = {
  headers?: Record<string, string>
  form?: FormFields
  json?: unknown
  /** Sent as it is. */
  body?: string | Buffer
  cookie?: string
  /** Client certificate. */
  certificate?: { key: string; cert: string }
}

export type Target = { issuer: string; ca: string }

const encoded = (options: RequestOptions): { type: string | undefined; body: string | Buffer | undefined } => {
  if (options.form) {
    const pairs = Array.isArray(options.form) ? options.form : Object.entries(options.form)
    return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(pairs).toString() }
  }
  if (options.json !== undefined) return { type: 'application/json', body: JSON.stringify(options.json) }
  return { type: undefined, body: options.body }
}

/** `path` may be a whole URL of the same server. */
export const send = (target: Target, method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
  const { type, body } = encoded(options)
  const url = new URL(path, target.issuer)
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      url,
      {
        method,
        agent: false,
        ca: target.ca,
        ...options.certificate,
        headers: {
          ...(type ? { 'content-type': type } : {}),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...(options.cookie ? { cookie: options.cookie } : {}),
          ...options.headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.once('error', reject)
        incoming.once('end', () => {
          const text = Buffer.concat(chunks).toString()
          const json = <T>(): T => JSON.parse(text) as T
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text, json })
        })
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** RFC 6749 §2.3.1 – both parts are form-encoded before they are joined. */
export const clientBasic = (clientId: string, secret: string): string => {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  return basic(encode(clientId), encode(secret))
}

/** Requests with a jar of cookies of their own. */
export const createBrowser = (target: Target) => {
  const jar = new Map<string, string>()

  const keep = (answer: Answer): void => {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(';')
      const name = pair.slice(0, pair.indexOf('=')).trim()
      const isGone = attributes.some((attribute) => /^\s*(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(attribute))
      if (isGone) jar.delete(name)
      else jar.set(name, pair.slice(pair.indexOf('=') + 1).trim())
    }
  }

  const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  return {
    target,
    jar,
    /** The Cookie header that it would send. */
    cookie,
    async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
      const answer = await send(target, method, path, { cookie: cookie(), ...options })
      keep(answer)
      return answer
    },
  }
}

export type Browser = ReturnType<typeof createBrowser>

const unescapeHtml = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&')

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescapeHtml(value)
}

export type HtmlForm = {
  action: string
  /** Hidden inputs, and the others with the value they show. */
  fields: Record<string, string>
  /** Ids of its buttons. */
  buttons: string[]
}

/** The only form of a page; undefined when it has none. */
export const readForm = (page: string): HtmlForm | undefined => {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/.exec(page)?.[0]
  if (form === undefined) return undefined
  const tags = (name: string): string[] => [...form.matchAll(new RegExp(`<${name}\\b[^>]*>`, 'g'))].map(([tag]) => tag)
  const inputs = tags('input').flatMap((tag): [string, string][] => {
    const name = attribute(tag, 'name')
    return name === undefined ? [] : [[name, attribute(tag, 'value') ?? '']]
  })
  return {
    action: attribute(tags('form')[0] ?? '', 'action') ?? '',
    fields: Object.fromEntries(inputs),
    buttons: tags('button').flatMap((tag) => attribute(tag, 'id') ?? []),
  }
}

/** The error code that an error page shows. */
export const errorCodeOf = (page: string): string | undefined => /id="error-code"[^>]*>([^<]*)</.exec(page)?.[1]?.trim()
