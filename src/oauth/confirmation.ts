/** RFC 7800 §3.1 – `cnf`: the key that whoever uses a token has to prove, by RFC 9449 §6.1 or RFC 8705 §3.1. */
export type Confirmation = {
  /** RFC 7638 – thumbprint of the key of DPoP proofs. */
  jkt?: string
  /** SHA-256 of the certificate of the TLS connection. */
  'x5t#S256'?: string
}

/** RFC 9449 §5 and RFC 8705 §3 – only DPoP has a token type of its own. */
export const tokenTypeOf = (confirmation: Confirmation | undefined): 'DPoP' | 'Bearer' =>
  confirmation?.jkt === undefined ? 'Bearer' : 'DPoP'
