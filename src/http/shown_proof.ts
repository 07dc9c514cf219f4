/** What a request brings along to prove a key: RFC 9449 §4.1, RFC 8705 §2. */
import type { FastifyRequest } from 'fastify'
import type { ShownProof } from '../proofs/sender_constraint.ts'
import { presentedCertificate } from './client_certificate.ts'
import { calledUrl } from './hosts.ts'
import { joinedHeader } from './joined_header.ts'

export const shownProof = (request: FastifyRequest): ShownProof => {
  const dpop = joinedHeader(request, 'dpop')
  return { dpop, certificate: presentedCertificate(request), url: dpop === undefined ? undefined : calledUrl(request) }
}
