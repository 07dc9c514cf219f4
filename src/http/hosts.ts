/** T-IS-01 – only the hosts of the configuration are answered: nothing here is ever built from the request's own Host. */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'

/** Host of HTTP/1.1 or :authority of HTTP/2, lower case; undefined when there is none or more than one. */
const namedHost = (request: FastifyRequest): string | undefined => {
  const { rawHeaders } = request.raw
  let host: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name === undefined || (name.length !== 4 && name.length !== 10)) continue
    const lower = name.toLowerCase()
    if (lower !== 'host' && lower !== ':authority') continue
    const value = rawHeaders[index + 1]?.toLowerCase()
    // HTTP/2 may carry both, and RFC 9113 §8.3.1 asks that they agree.
    if (
      host !== undefined &&
      (lower === 'host' ? request.raw.httpVersionMajor === 1 || host !== value : host !== value)
    )
      return undefined
    host = value
  }
  return host
}

/** RFC 9112 §3.2.2 – a target that is a whole URI names its host itself; undefined for any other target. */
const targetHost = ({ raw: { url = '' } }: FastifyRequest): string | undefined =>
  url.startsWith('/') ? undefined : (/^https:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase() ?? '')

export const createRequireKnownHost = (hosts: readonly string[]) => {
  const known = new Set(hosts.map((host) => host.toLowerCase()))
  return (request: FastifyRequest): void => {
    const host = namedHost(request)
    const isKnown = host !== undefined && known.has(host) && (targetHost(request) ?? host) === host
    if (!isKnown)
      throw new OAuthError('misdirected_request', 'This server does not answer for that host', {
        hint: 'see allowed_hosts in server_params',
      })
  }
}

/** RFC 9449 §4.3 check 9 – the address as it was called, to compare with: its host is one of the configuration by now. */
export const calledUrl = (request: FastifyRequest): string | undefined =>
  URL.parse(request.raw.url ?? '', `https://${namedHost(request) ?? ''}`)?.href
