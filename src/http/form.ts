/**
 * RFC 6749 Appendix B – application/x-www-form-urlencoded, read strictly: a malformed escape, a NUL, invalid UTF-8 or a
 * repeated parameter is an error, because a proxy and this server must never read two different things from one request.
 */
import { OAuthError } from '../oauth/errors.ts'
import { type Parameters, REPEATABLE, toParameters } from '../oauth/parameters.ts'

const MAX_PAIRS = 100

const malformed = (hint: string): OAuthError =>
  new OAuthError('invalid_request', 'The request parameters are not well-formed', { hint })

const decode = (text: string): string => {
  // Most names and values carry no escape: decoding them costs more than looking.
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed('a percent escape is not valid UTF-8')
  }
}

/** Pairs of `a=1&b=2`. Throws invalid_request. */
export const parseForm = (text: string): Parameters => {
  const seen = new Set<string>()
  const pairs: [string, string][] = []
  for (const part of text.split('&', MAX_PAIRS + 1)) {
    if (part === '') continue
    if (pairs.length === MAX_PAIRS) throw malformed('too many parameters')
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? '' : decode(part.slice(equals + 1))
    if (name.includes('\0') || value.includes('\0')) throw malformed('a NUL character')
    // RFC 6749 §3.2 – request parameters must not be included more than once.
    if (seen.has(name) && !REPEATABLE.has(name)) throw new OAuthError('invalid_request', 'A parameter is repeated')
    seen.add(name)
    pairs.push([name, value])
  }
  return toParameters(pairs)
}

/** The parameters of a request target such as `/authorize?a=1`; none when it has no query. */
export const queryParameters = (target: string): Parameters => {
  const question = target.indexOf('?')
  return parseForm(question < 0 ? '' : target.slice(question + 1))
}
