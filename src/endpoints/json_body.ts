/** JSON bodies of the APIs beside OAuth: exactly the members of a shape, and errors that name what is wrong. */
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { OAuthError } from '../oauth/errors.ts'

const MAX_PROBLEMS = 5
const MAX_NAMES = 5
const MAX_NAME_CHARACTERS = 64

/** What makes a body malformed; everything else is understood and refused. */
const MALFORMED = new Set(['unrecognized_keys', 'invalid_type', 'invalid_union'])

const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i

/** T-CS-02 – a form of another site can send every other type. */
const requireJson = (request: FastifyRequest): void => {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new OAuthError('unsupported_media_type', 'The request body has to be application/json')
}

/** RFC 6749 §5.2 limits the characters; a name is shown only where it can be one. */
const shown = (name: string): string => (/^[A-Za-z0-9_.:-]+$/.test(name) ? name.slice(0, MAX_NAME_CHARACTERS) : '?')

/** `redirect_uris[0]` */
const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? shown(String(part)) : `${text}.${shown(String(part))}`
  }, '')

const messageOf = (issue: z.core.$ZodIssue): string => {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, MAX_NAMES).map((name) => pathOf([...issue.path, name]))
    return `${names.join(', ')}: unknown or read-only`
  }
  if (issue.code === 'invalid_value') return `${path}: must be one of ${issue.values.join(', ')}`
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** Made of the shape's own words, of which none repeats a value. */
const describe = (issues: readonly z.core.$ZodIssue[]): string =>
  issues
    .slice(0, MAX_PROBLEMS)
    .map(messageOf)
    .join('; ')
    .replaceAll('"', "'")
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, '?')

/** Throws unsupported_media_type, invalid_request (unknown members and wrong types) or unprocessable. */
export const readBody = <T extends z.ZodType>(request: FastifyRequest, shape: T): z.output<T> => {
  requireJson(request)
  const result = shape.safeParse(request.body)
  if (result.success) return result.data
  const { issues } = result.error
  const isMalformed = issues.some((issue) => MALFORMED.has(issue.code))
  throw new OAuthError(isMalformed ? 'invalid_request' : 'unprocessable', describe(issues))
}

/** For requests that say everything in their path: no body, or an empty object. */
export const requireNoBody = (request: FastifyRequest): void => {
  const { body } = request
  if (body === undefined || body === null) return
  requireJson(request)
  if (typeof body !== 'object' || Object.keys(body).length > 0)
    throw new OAuthError('invalid_request', 'This request takes no body')
}
