/** RFC 8705 §3 – tokens that are bound to the certificate of the connection on which they were issued. */
import { thumbprintOf } from '../oauth/certificate_identity.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { Confirmation } from '../oauth/confirmation.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import { constantTimeEquals } from '../system/hashing.ts'

/** Undefined for a client that is not registered for it. Throws invalid_request. */
export const certificateConfirmation = (
  client: Client,
  certificate: PresentedCertificate | undefined,
): Confirmation | undefined => {
  // RFC 8705 §3.4
  if (!client.metadata.tls_client_certificate_bound_access_tokens) return undefined
  if (!certificate) throw new OAuthError('invalid_request', 'This client must use a TLS client certificate')
  return { 'x5t#S256': thumbprintOf(certificate.der) }
}

/** RFC 8705 §3 – the handshake has proved the key, so the certificate alone is compared. */
export const isCertificateOf = (confirmation: Confirmation, certificate: PresentedCertificate | undefined): boolean =>
  confirmation['x5t#S256'] === undefined ||
  (certificate !== undefined && constantTimeEquals(confirmation['x5t#S256'], thumbprintOf(certificate.der)))
