/** RFC 9110 §12.5.1 – what a caller says it can read. */
import type { FastifyRequest } from 'fastify'

/** A media type of `application/` that is named is wanted, unless its weight says never. */
export const accepts = ({ headers }: FastifyRequest, subtype: string): boolean =>
  (headers.accept ?? '').split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === `application/${subtype}` && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
