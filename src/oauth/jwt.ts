/** RFC 7515 §7.1 and RFC 7519 – JWTs in compact form, as strictly as a token that decides about access has to be read. */
import { parseStrictObject } from './json.ts'
import { type MacAlg, toMacAlg } from './mac_algs.ts'
import { type SigningAlg, toSigningAlg } from './signing_algs.ts'

/** Checked before anything is decoded: nothing this server reads is longer. */
const MAX_JWT_CHARACTERS = 16_384

export type Claims = Record<string, unknown>

/** Well-formed, and nothing more: neither the signature nor a claim was looked at. */
export type UnverifiedJwt<Alg = SigningAlg> = {
  alg: Alg
  kid: string | undefined
  /** RFC 8725 §3.11 – lower case, without `application/`; undefined when absent. */
  typ: string | undefined
  claims: Claims
  signingInput: string
  signature: Buffer
}

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/**
 * Members of a header that would have us take the key, or the rules, from the token itself: RFC 7515 §4.1.2–4.1.8 and
 * §4.1.11, RFC 7797 §3, RFC 7516 §4.1.3.
 */
const FORBIDDEN_MEMBERS = ['crit', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'b64', 'zip'] as const

/** Undefined when the text is not the canonical base64url of its octets: slack bits would be a second spelling. */
const decode = (text: string): Buffer | undefined => {
  const octets = Buffer.from(text, 'base64url')
  return octets.toString('base64url') === text ? octets : undefined
}

const decodeObject = (text: string): Claims | undefined => {
  const octets = decode(text)
  if (!octets) return undefined
  const json = octets.toString('utf8')
  // RFC 8725 §3.7 – UTF-8 only; a replacement character would be a second spelling.
  return Buffer.from(json).equals(octets) ? parseStrictObject(json) : undefined
}

const optionalString = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

const toTyp = (typ: string | undefined): string | undefined => typ?.toLowerCase().replace(/^application\//, '')

type Read<Alg> = { header: Claims; jwt: UnverifiedJwt<Alg> }

const readJwt = <Alg>(
  token: string,
  forbidden: readonly string[],
  toAlg: (name: unknown) => Alg | undefined,
): Read<Alg> | undefined => {
  if (token.length > MAX_JWT_CHARACTERS) return undefined
  const [, head = '', body = '', tail = ''] = COMPACT.exec(token) ?? []
  const header = decodeObject(head)
  if (!header || forbidden.some((name) => name in header)) return undefined
  const { kid, typ } = header
  const alg = toAlg(header.alg)
  const claims = decodeObject(body)
  const signature = decode(tail)
  if (!alg || !claims || !signature || !optionalString(kid) || !optionalString(typ)) return undefined
  return { header, jwt: { alg, kid, typ: toTyp(typ), claims, signingInput: `${head}.${body}`, signature } }
}

/** Undefined for everything but one compact JWS with a signature algorithm of ours and a header without surprises. */
export const parseJwt = (token: string): UnverifiedJwt | undefined =>
  readJwt(token, FORBIDDEN_MEMBERS, toSigningAlg)?.jwt

/** The same for a JWT under a MAC. RFC 8725 §3.1 – no text is readable both ways, so that no key can be taken for the other kind. */
export const parseMacJwt = (token: string): UnverifiedJwt<MacAlg> | undefined =>
  readJwt(token, FORBIDDEN_MEMBERS, toMacAlg)?.jwt

/** `jwk` is as it came: an object, and maybe no key. */
export type JwtWithKey = UnverifiedJwt & { jwk: object }

const FORBIDDEN_BESIDE_JWK = FORBIDDEN_MEMBERS.filter((name) => name !== 'jwk')

/** RFC 9449 §4.2 – a proof of possession brings its key along: it says who signed, and nothing of whether that counts. */
export const parseJwtWithKey = (token: string): JwtWithKey | undefined => {
  const read = readJwt(token, FORBIDDEN_BESIDE_JWK, toSigningAlg)
  const jwk = read?.header.jwk
  return read && typeof jwk === 'object' && jwk !== null ? { ...read.jwt, jwk } : undefined
}

/** RFC 7519 §2 – a NumericDate; only whole, non-negative ones are taken. */
export const isNumericDate = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The encoded protected header with the dot after it: made once per key and type. */
export const encodeHeader = (header: { alg: SigningAlg; typ: string; kid: string }): string => `${encode(header)}.`

/** The JWS signing input of RFC 7515 §5.1. */
export const encodeSigningInput = (encodedHeader: string, claims: object): string => encodedHeader + encode(claims)
