/** RFC 9449 §5 and RFC 8705 §3 – the key that the tokens of a request are bound to, where a client asks for tokens. */
import type { Client } from '../oauth/client_metadata.ts'
import type { Confirmation } from '../oauth/confirmation.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { createDpop, type DpopDeps } from './dpop.ts'
import { certificateConfirmation } from './mutual_tls.ts'

/** What came with a request beside its parameters. */
export type ShownProof = {
  /** The DPoP header as it came. */
  dpop?: string | undefined
  /** Of the TLS connection. */
  certificate?: PresentedCertificate | undefined
  /** The address as it was called. */
  url?: string | undefined
}

export type ProofRequest = ShownProof & {
  /** Absolute URL of the endpoint as discovery names it. */
  endpoint: string
}

export type Proved = {
  /** Undefined where tokens are for whoever bears them. */
  confirmation: Confirmation | undefined
  /** Uses the proof up. Throws invalid_dpop_proof for a replay. */
  use(): Promise<void>
}

const nothingToUse = async (): Promise<void> => undefined

export const createSenderConstraint = (deps: DpopDeps) => {
  const dpop = createDpop(deps)

  return {
    /** RFC 9449 §4.3 – of a POST that a client sent here. Throws invalid_dpop_proof and use_dpop_nonce. */
    async verifyDpop(realm: Realm, client: Client, request: ProofRequest): Promise<Proved> {
      const { dpop: header, endpoint, url = endpoint } = request
      if (header === undefined) return { confirmation: undefined, use: nothingToUse }
      const asked = { header, method: 'POST', urls: [endpoint, url], accessToken: undefined }
      const proof = await dpop.verify(realm, asked)
      return { confirmation: { jkt: proof.jkt }, use: () => dpop.use(realm, client.clientId, proof) }
    },

    /** What the tokens of this request are bound to. Throws invalid_dpop_proof, use_dpop_nonce and invalid_request. */
    async verify(realm: Realm, client: Client, request: ProofRequest): Promise<Proved> {
      // RFC 9449 §5.2 – a client that said it binds its tokens gets no other ones.
      if (client.metadata.dpop_bound_access_tokens && request.dpop === undefined)
        throw new OAuthError('invalid_dpop_proof', 'This client must send a DPoP proof')
      const ofCertificate = certificateConfirmation(client, request.certificate)
      const { confirmation: ofDpop, use } = await this.verifyDpop(realm, client, request)
      const isBound = ofCertificate !== undefined || ofDpop !== undefined
      return { confirmation: isBound ? { ...ofDpop, ...ofCertificate } : undefined, use }
    },

    freshNonce: dpop.freshNonce,
  }
}
