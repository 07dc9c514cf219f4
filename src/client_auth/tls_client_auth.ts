/** RFC 8705 §2.1 – a client proves itself by a certificate of an authority that is trusted here, by the name in it. */
import type { Verdict } from '../authentication/certificate_path.ts'
import { isSubjectOf } from '../oauth/certificate_subject.ts'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import { type ClientAuthMethod, isBare } from './method.ts'

export type TlsClientAuthDeps = { clientCertificates: { validate(certificate: PresentedCertificate): Verdict } }

export const createTlsClientAuth = ({ clientCertificates }: TlsClientAuthDeps): ClientAuthMethod => ({
  name: 'tls_client_auth',
  sharesRequest: true,
  // RFC 8705 §2 – client_id in the request, and the certificate on the connection.
  matches: (request) => request.certificate !== undefined && isBare(request),
  read: ({ certificate, parameters }) => {
    const clientId = parameters.get('client_id')
    if (clientId === undefined || !certificate) return undefined
    return {
      clientId,
      refusal: (_realm, client) => {
        if (!client) return 'an unknown client'
        // T-MT-01 – the chain first: without it the names mean nothing.
        const { path, problem } = clientCertificates.validate(certificate)
        if (!path) return problem
        return isSubjectOf(client.metadata, path[0].fields) ? undefined : 'a certificate of another subject'
      },
    }
  },
})
