/** RFC 7515 §7.1 – signing of our own tokens. */
import type { Signer } from '../keys/key_provider.ts'
import { encodeHeader, encodeSigningInput } from '../oauth/jwt.ts'

/** RFC 9068 §2.1, for ID tokens RFC 7519 §5.1, Back-Channel Logout §2.4, RFC 9701 §5: never the same, so that one cannot pass for the other. */
export type TokenTyp = 'at+jwt' | 'JWT' | 'logout+jwt' | 'token-introspection+jwt'

const headers: Record<TokenTyp, WeakMap<Signer, string>> = {
  'at+jwt': new WeakMap(),
  JWT: new WeakMap(),
  'logout+jwt': new WeakMap(),
  'token-introspection+jwt': new WeakMap(),
}

const headerOf = (signer: Signer, typ: TokenTyp): string => {
  const known = headers[typ].get(signer)
  if (known !== undefined) return known
  const made = encodeHeader({ alg: signer.alg, typ, kid: signer.kid })
  headers[typ].set(signer, made)
  return made
}

/** A JWS in compact form; a promise only where the key is not in this process. */
export const signJwt = (signer: Signer, typ: TokenTyp, claims: object): string | Promise<string> => {
  const input = encodeSigningInput(headerOf(signer, typ), claims)
  const signature = signer.sign(input)
  return typeof signature === 'string' ? `${input}.${signature}` : signature.then((made) => `${input}.${made}`)
}
