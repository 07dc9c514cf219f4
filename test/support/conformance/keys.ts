/** Keys of the suite's clients, and JWTs that they sign with jose: right ones, and changed in what a module is about. */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'

export type SigningKey = { kid: string; privateKey: KeyObject; publicJwk: Record<string, unknown> }

/** RSA, because the modules about RS256 run with such keys alone. */
export const createSigningKey = (kid: string): SigningKey => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'PS256', use: 'sig' } }
}

/** What to do otherwise; undefined as the value of a member leaves it out. */
export type Changes = {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  alg?: 'PS256' | 'RS256' | 'none'
  key?: SigningKey
  /** After it was signed. */
  isBroken?: true
}

/** Its last characters, so that it stays well-formed. */
const withBrokenSignature = (jwt: string): string => {
  const [head, body, signature = ''] = jwt.split('.')
  const octets = Buffer.from(signature, 'base64url')
  octets.writeUInt8((octets.at(-1) ?? 0) ^ 0xff, octets.length - 1)
  return `${head}.${body}.${octets.toString('base64url')}`
}

export const signJwt = async (key: SigningKey, claims: JWTPayload, changes: Changes = {}): Promise<string> => {
  const payload = { ...claims, ...changes.claims }
  const alg = changes.alg ?? 'PS256'
  if (alg === 'none') return new UnsecuredJWT(payload).encode()
  const { kid, privateKey } = changes.key ?? key
  const jwt = await new SignJWT(payload).setProtectedHeader({ alg, kid, ...changes.header }).sign(privateKey)
  return changes.isBroken ? withBrokenSignature(jwt) : jwt
}

export const newJti = (): string => randomUUID()
