/** RFC 9110 §5.3 – a header as text: several of one name with a comma between, so that whoever takes one sees that there were more. */
import type { FastifyRequest } from 'fastify'

export const joinedHeader = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name]
  return value === undefined ? undefined : [value].flat().join(',')
}
