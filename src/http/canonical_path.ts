/**
 * RFC 3986 §6.2.2 – one address, one spelling: a proxy that guards a path compares what it sees, and what this server would read
 * as that path in another spelling must not get past it (T-HT-10).
 */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'

/** Names of users may hold any character, and stand in paths that begin so. */
const WITH_NAMES = /^\/admin\//

const UNUSUAL = /[^A-Za-z0-9._~/-]/
const FOREIGN = /[^A-Za-z0-9._~/%!$&'()*+,=:@-]/
/** RFC 3986 §2.3 – what needs no encoding, encoded all the same; and half an encoding. */
const NEEDLESS = /%(?:4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]|2D|2E|5F|7E)|%(?![0-9A-F]{2})/i
const EMPTY_OR_DOTS = /\/(?:\.{0,2})(?=\/)|\/\.{1,2}$/

/** Of the origin form, or of a target that is a whole URI. */
const pathOf = (target: string): string =>
  (target.startsWith('/') ? target : target.replace(/^https:\/\/[^/?#]*/i, '')).split('?', 1)[0] ?? ''

const isCanonical = (path: string): boolean => {
  if (EMPTY_OR_DOTS.test(path)) return false
  if (!UNUSUAL.test(path)) return true
  return WITH_NAMES.test(path) && !FOREIGN.test(path) && !NEEDLESS.test(path)
}

/** Throws invalid_request, whether or not there is anything at that address. */
export const requireCanonicalPath = ({ raw: { url = '' } }: FastifyRequest): void => {
  if (!isCanonical(pathOf(url)))
    throw new OAuthError('invalid_request', 'The path is not written in its canonical form')
}
