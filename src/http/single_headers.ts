/** RFC 9110 §5.3 – a header that takes one value comes once: Node reads the first of two, and a proxy may have read the other. */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'

const SINGLE = ['authorization', 'content-type']
const LENGTHS = new Set(SINGLE.map((name) => name.length))

export const requireSingleHeaders = (request: FastifyRequest): void => {
  const { rawHeaders } = request.raw
  let seen = ''
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name === undefined || !LENGTHS.has(name.length)) continue
    const lower = name.toLowerCase()
    if (!SINGLE.includes(lower)) continue
    if (seen.includes(lower)) throw new OAuthError('invalid_request', 'A header that takes one value is repeated')
    seen += ` ${lower}`
  }
}
