/** RFC 8705 §2.2 – a client proves itself by a certificate whose key is among its registered ones, whoever has issued it. */
import { X509Certificate } from 'node:crypto'
import type { Client } from '../oauth/client_metadata.ts'
import { isStrongKey } from '../oauth/signature_algorithms.ts'
import type { Clock, Milliseconds } from '../system/clock.ts'
import type { ClientKeys } from './client_keys.ts'
import { type ClientAuthMethod, isBare } from './method.ts'

const toCertificate = (der: Buffer): X509Certificate | undefined => {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

const problemOf = ({ validFrom, validTo, publicKey }: X509Certificate, now: Milliseconds): string | undefined => {
  if (Date.parse(validFrom) > now) return 'certificate_not_yet_valid'
  if (Date.parse(validTo) <= now) return 'certificate_expired'
  return isStrongKey(publicKey) ? undefined : 'certificate_weak_key'
}

export type SelfSignedTlsClientAuthDeps = { clock: Clock; clientKeys: Pick<ClientKeys, 'has'> }

export const createSelfSignedTlsClientAuth = (deps: SelfSignedTlsClientAuthDeps): ClientAuthMethod => {
  const refusal = async (client: Client, der: Buffer): Promise<string | undefined> => {
    const certificate = toCertificate(der)
    if (!certificate) return 'certificate_malformed'
    const problem = problemOf(certificate, deps.clock.now())
    if (problem !== undefined) return problem
    // RFC 7517 §4.7 – the members of a key and its x5c are the same key, so the members are enough.
    const isRegistered = await deps.clientKeys.has(client, certificate.publicKey)
    return isRegistered ? undefined : 'a certificate whose key is not registered'
  }

  return {
    name: 'self_signed_tls_client_auth',
    sharesRequest: true,
    matches: (request) => request.certificate !== undefined && isBare(request),
    read: ({ certificate, parameters }) => {
      const clientId = parameters.get('client_id')
      if (clientId === undefined || !certificate) return undefined
      return {
        clientId,
        refusal: (_realm, client) => (client ? refusal(client, certificate.der) : 'an unknown client'),
      }
    },
  }
}
