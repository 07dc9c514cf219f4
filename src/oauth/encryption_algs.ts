/**
 * RFC 7518 §4.1 and §5.1 – how answers are encrypted to clients: to a public key of theirs, and with AES-GCM alone. RSA1_5 (RFC 8725
 * §3.2), passwords, shared keys and compression (RFC 8725 §3.6) are left out, and with them every algorithm beside these.
 */
export const ENCRYPTION_ALGS = [
  'RSA-OAEP-256',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
] as const
export type EncryptionAlg = (typeof ENCRYPTION_ALGS)[number]

export const ENCRYPTION_ENCS = ['A128GCM', 'A256GCM'] as const
export type EncryptionEnc = (typeof ENCRYPTION_ENCS)[number]
