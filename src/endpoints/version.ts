/** GET /public/version – which version of the server answers. */
import type { Endpoint } from '../http/endpoint.ts'
import { VERSION } from '../system/version.ts'

export const createVersionEndpoint = (): Endpoint => ({
  at: 'server',
  method: 'GET',
  path: '/public/version',
  errors: 'json',
  cors: 'public',
  limit: 'documents',
  handle: (_request, reply) => reply.send({ version: VERSION }),
})
