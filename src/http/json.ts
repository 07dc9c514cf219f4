/** JSON bodies: bounded in depth and size, and without the names that reach an object's prototype. */
import secureJson from 'secure-json-parse'
import { OAuthError } from '../oauth/errors.ts'

const MAX_DEPTH = 32
const MAX_MEMBERS = 2_000

const malformed = (hint: string): OAuthError =>
  new OAuthError('invalid_request', 'The request body is not well-formed JSON', { hint })

/** Throws when the value is deeper or has more members than any request needs. */
const requireModest = (root: unknown): void => {
  let members = 0
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw malformed('nested too deeply')
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
    members += level.length
    if (members > MAX_MEMBERS) throw malformed('too many members')
  }
}

/** A body of `application/json`; undefined when it is empty. Throws invalid_request. */
export const parseJsonBody = (text: string): unknown => {
  if (text === '') return undefined
  let value: unknown
  try {
    value = secureJson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' })
  } catch (cause) {
    throw new OAuthError('invalid_request', 'The request body is not well-formed JSON', { cause })
  }
  requireModest(value)
  return value
}
