/** Turns whatever was thrown into the answer of the endpoint's channel: JSON, a Bearer challenge or a page. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, OAuthError } from '../oauth/errors.ts'
import { errorPage } from '../pages/error.ts'
import { isOrphan } from '../storage/database.ts'
import { StoreUnavailable } from '../storage/store_unavailable.ts'
import type { Log } from '../system/log.ts'
import type { ErrorChannel } from './endpoint.ts'
import { sendPage } from './page.ts'

const MAX_HEADER_DESCRIPTION = 200

/** What fastify and Node refuse before an endpoint is reached. */
const refusals: Record<number, [ErrorCode, string]> = {
  400: ['invalid_request', 'The request is not well-formed'],
  404: ['not_found', 'There is nothing at this address'],
  405: ['method_not_allowed', 'This method is not allowed here'],
  413: ['payload_too_large', 'The request body is too large'],
  414: ['invalid_request', 'The request target is too long'],
  415: ['unsupported_media_type', 'This content type is not accepted here'],
}

const isRefusal = (error: unknown): error is FastifyError & { statusCode: number } =>
  error instanceof Error &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode in refusals

/** Every error as one that a caller may be told. */
const toOAuthError = (error: unknown): OAuthError => {
  if (error instanceof OAuthError) return error
  if (error instanceof StoreUnavailable)
    return new OAuthError('temporarily_unavailable', 'The server cannot answer right now', {
      cause: error,
      retryAfterSeconds: error.retryAfterSeconds,
    })
  // T-LC-01 – read from a cache that another node's deletion had not reached yet.
  if (isOrphan(error))
    return new OAuthError('conflict', 'What the request is about was deleted at the same time', { cause: error })
  if (isRefusal(error)) {
    const [code, description] = refusals[error.statusCode] ?? ['invalid_request', 'The request is not well-formed']
    // T-LG-02 – its code: the message may repeat the request target, and with it a code or a link that opens something.
    return new OAuthError(code, description, { cause: error, hint: error.code, status: error.statusCode })
  }
  return new OAuthError('server_error', 'The server met an unexpected condition', { cause: error })
}

const logError = (log: Log, requestId: string, error: OAuthError): void => {
  const err = error.cause ?? error
  if (error.code === 'server_error') log.error({ err, request_id: requestId }, 'unexpected error')
  else if (error.code === 'temporarily_unavailable') log.warn({ err, request_id: requestId }, 'temporarily unavailable')
  else log.debug({ error: error.code, hint: error.hint, request_id: requestId }, 'refused')
}

/** Names the error in the request's log line, and says when to come back: also where a page shows the error in its own words. */
export const noteError = (reply: FastifyReply, error: OAuthError): void => {
  reply.request.errorCode = error.code
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
}

const sendJson = (reply: FastifyReply, error: OAuthError): FastifyReply =>
  reply
    .code(error.status)
    .header('content-type', 'application/json')
    .send(JSON.stringify({ error: error.code, error_description: error.description }))

/** RFC 6750 §3 – the challenge names the error unless the request carried no token at all. */
const sendBearer = (reply: FastifyReply, error: OAuthError): FastifyReply => {
  if (!reply.hasHeader('www-authenticate') && (error.status === 401 || error.status === 403 || error.status === 400)) {
    const description = error.description.slice(0, MAX_HEADER_DESCRIPTION)
    reply.header('www-authenticate', `Bearer error="${error.code}", error_description="${description}"`)
  }
  return sendJson(reply, error)
}

const renderers: Record<ErrorChannel, (reply: FastifyReply, error: OAuthError, requestId: string) => FastifyReply> = {
  json: sendJson,
  bearer: sendBearer,
  page: (reply, error, requestId) =>
    sendPage(reply, errorPage({ code: error.code, description: error.description, requestId }), {
      status: error.status,
    }),
}

/** The error handler of an endpoint's channel. */
export const createErrorHandler =
  (channel: ErrorChannel, log: Log) =>
  (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = toOAuthError(thrown)
    logError(log, request.id, error)
    noteError(reply, error)
    reply.headers(error.headers).header('cache-control', 'no-store')
    return renderers[channel](reply, error, request.id)
  }
