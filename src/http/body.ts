/** Which bodies are read, and for how long: forms and JSON, exactly so named, never encoded, never dripped. */
import { constants, type Http2ServerRequest } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'
import { parseForm } from './form.ts'
import { parseJsonBody } from './json.ts'

const BODY_TYPE = /^application\/(?:json|x-www-form-urlencoded)(?: ?; ?charset="?utf-8"?)?$/i

const addParser = (app: FastifyInstance, type: string, parse: (text: string) => unknown): void => {
  app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parse(String(body)))
    } catch (error) {
      done(error as Error)
    }
  })
}

export const addBodyParsers = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  addParser(app, 'application/x-www-form-urlencoded', parseForm)
  addParser(app, 'application/json', parseJsonBody)
}

/** Throws for a body that is not read here, before a byte of it is. */
export const requireReadableBody = (request: FastifyRequest): void => {
  // RFC 9112 §6.1 – chunks and nothing else: a proxy may see the end of what is coded otherwise at another place.
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new OAuthError('invalid_request', 'This transfer coding is not accepted', {
      headers: { connection: 'close' },
    })
  // RFC 9110 §8.4 – no coding of a request's content is supported: nothing is ever decompressed.
  if (request.headers['content-encoding'] !== undefined)
    throw new OAuthError('unsupported_media_type', 'A content encoding is not accepted here')
  const type = request.headers['content-type']
  // The two types word for word: a type that a proxy or browser reads differently is none of them.
  if (type !== undefined && !BODY_TYPE.test(type))
    throw new OAuthError('unsupported_media_type', 'This content type is not accepted')
}

/** HTTP/2 has no request timeout of its own: a body that is dripped is cut off. */
export const limitBodyTime = (request: FastifyRequest, timeoutMs: number): void => {
  if (request.raw.httpVersionMajor !== 2 || request.method === 'GET') return
  const { stream } = request.raw as unknown as Http2ServerRequest
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), timeoutMs)
  timer.unref()
  request.raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
