/** RFC 6749 §3.2 – the parameters of a POST, which come as a form and in no other way. */
import type { FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'
import { type Parameters, toParameters } from '../oauth/parameters.ts'

const FORM = 'application/x-www-form-urlencoded'

export const isForm = (request: FastifyRequest): boolean =>
  request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === FORM

/** None when there is no body at all. Throws unsupported_media_type. */
export const formBody = (request: FastifyRequest): Parameters => {
  if (isForm(request)) return request.body as Parameters
  if (request.body === undefined || request.body === null) return toParameters([])
  throw new OAuthError('unsupported_media_type', 'Only a form is accepted here')
}
