/** What a request brings along to prove a key: RFC 9449 §4.1, RFC 8705 §2. */
import type { FastifyRequest } from 'fastify'
import type { ShownProof } from '../proofs/sender_constraint.ts'
import { presentedCertificate } from './client_certificate.ts'
import { calledUrl } from './hosts.ts'

/** Two headers of one name come as one, with a comma between. */
const dpopHeader = ({ headers: { dpop } }: FastifyRequest): string | undefined =>
  dpop === undefined ? undefined : [dpop].flat().join(',')

export const shownProof = (request: FastifyRequest): ShownProof => {
  const dpop = dpopHeader(request)
  return { dpop, certificate: presentedCertificate(request), url: dpop === undefined ? undefined : calledUrl(request) }
}
