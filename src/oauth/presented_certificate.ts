/** The certificate that a client showed in the TLS handshake, as facts: whether it is good is for others to say. */
export type PresentedCertificate = {
  /** DER of the leaf. */
  der: Buffer
  /** DER of what came with it, as far as the handshake tells: issuers, leaf's first. */
  chain: Buffer[]
}
