/** What the conformance suite looks at in every answer with tokens, and in every ID token. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Answer } from '../client.ts'
import type { TokenAnswer } from '../oauth.ts'

/** RFC 6749 Appendix A – visible characters. */
const VSCHAR = /^[\x20-\x7e]+$/

const YEARS_50 = 50 * 365 * 86_400
const MAX_EXPIRES_IN = 31_536_000

/** By Shannon, over the whole text. */
const entropyOf = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const perCharacter = [...counts.values()].reduce((sum, count) => {
    const share = count / text.length
    return sum - share * Math.log2(share)
  }, 0)
  return perCharacter * text.length
}

/** A code, a token, a request_uri: at least 128 bits long, and more than 96 bits of entropy. */
export const isUnguessable = (secret: string): void => {
  assert.match(secret, VSCHAR)
  assert.ok(secret.length * 8 >= 128 && entropyOf(secret) > 96, secret)
}

/** RFC 6749 §5.1 */
export const readTokens = (answer: Answer, tokenType: 'Bearer' | 'DPoP'): TokenAnswer => {
  assert.equal(answer.status, 200, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/json\b/)
  assert.match(String(answer.headers['cache-control']), /no-store/)
  const tokens = answer.json<TokenAnswer>()
  isUnguessable(tokens.access_token)
  assert.equal(tokens.token_type, tokenType)
  assert.ok(Number.isInteger(tokens.expires_in) && tokens.expires_in > 0 && tokens.expires_in <= MAX_EXPIRES_IN)
  if (tokens.refresh_token !== undefined) isUnguessable(tokens.refresh_token)
  return tokens
}

/** Claims that nobody has to ask for. */
const UNASKED = ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'nbf', 'jti']

const HASHES = { RS256: 'sha256', PS256: 'sha256', ES256: 'sha256', EdDSA: 'sha512' } as const

/** OpenID Connect Core §3.1.3.6 */
const atHashOf = (accessToken: string, alg: keyof typeof HASHES): string => {
  const digest = createHash(HASHES[alg]).update(accessToken).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

type Expected = {
  issuer: string
  clientId: string
  jwks: JSONWebKeySet
  alg: keyof typeof HASHES
  accessToken: string
  nonce?: string | undefined
  /** Seconds. */
  now: number
  /** Claims that were asked for. */
  asked?: readonly string[]
}

/** Neither null nor empty. */
const isTold = (value: unknown): boolean => {
  if (value === null || value === '' || value === 'null') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

/** OpenID Connect Core §3.1.3.7, and what the suite adds to it. */
export const readIdToken = async (idToken: string, expected: Expected): Promise<JWTPayload> => {
  const { issuer, clientId, jwks, alg, accessToken, nonce, now, asked = [] } = expected
  const checks = { issuer, audience: clientId, algorithms: [alg], currentDate: new Date(now * 1000) }
  const { payload, protectedHeader } = await jwtVerify(idToken, createLocalJWKSet(jwks), checks)
  assert.ok(jwks.keys.some((key) => key.kid === protectedHeader.kid && key.alg === alg && key.use === 'sig'))
  assert.match(payload.sub ?? '', /^[\x20-\x7e]{1,255}$/)
  const { exp = 0, iat = 0, auth_time: authTime } = payload
  assert.ok(exp > now && exp < now + YEARS_50)
  assert.ok(Math.abs(now - iat) <= 300)
  assert.ok(typeof authTime === 'number' && authTime <= now + 300)
  assert.equal(payload.nonce, nonce)
  assert.equal(payload.at_hash, atHashOf(accessToken, alg))
  for (const [name, value] of Object.entries(payload)) {
    assert.ok(isTold(value), name)
    assert.ok(UNASKED.includes(name) || asked.includes(name), `${name} was not asked for`)
  }
  return payload
}
