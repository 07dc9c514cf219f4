/** RFC 8446 §4.4.2 – the certificate that the client showed on this connection, over HTTP/1.1 and HTTP/2. */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'

/** More are not looked at. */
const MAX_CHAIN = 8

/** The socket of HTTP/2 stands for the stream once the session is gone, and a stream has no certificate. */
const peerCertificate = ({ raw: { socket } }: FastifyRequest): X509Certificate | undefined =>
  socket.destroyed ? undefined : (socket as Partial<TLSSocket>).getPeerX509Certificate?.()

const issuersOf = (leaf: X509Certificate): Buffer[] => {
  const chain: Buffer[] = []
  for (let { issuerCertificate: next } = leaf; next && chain.length < MAX_CHAIN; next = next.issuerCertificate) {
    if (chain.some((known) => known.equals(next.raw))) break
    chain.push(next.raw)
  }
  return chain
}

/** Undefined when there is none. No header can stand in for it (T-MT-03). */
export const presentedCertificate = (request: FastifyRequest): PresentedCertificate | undefined => {
  const leaf = peerCertificate(request)
  return leaf && { der: leaf.raw, chain: issuersOf(leaf) }
}
