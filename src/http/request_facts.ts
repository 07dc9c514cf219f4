/** What endpoints may know of a request beside its parameters. The only reader of the connection. */
import type { FastifyRequest } from 'fastify'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { ClientAddress } from './client_address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The address the request came from, behind trusted proxies the client's own. */
    clientAddress: string
    /** For the request's log line. */
    realmId: string | undefined
    clientId: string | undefined
    errorCode: string | undefined
    /** When it arrived, milliseconds of the monotonic clock. */
    arrivedAt: number
    /** Its line in the log would be one of a flood. */
    isUnlogged: boolean
  }
}

const MAX_USER_AGENT = 256

export const factsOf = (request: FastifyRequest): RequestFacts & { userAgent: string | undefined } => ({
  ip: request.clientAddress,
  requestId: request.id,
  userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT),
})

/** Reads the connection once, at the start of the request. */
export const readClientAddress = (request: FastifyRequest, clientAddress: ClientAddress): string =>
  clientAddress(request.raw.socket.remoteAddress, request.headers['x-forwarded-for'])
