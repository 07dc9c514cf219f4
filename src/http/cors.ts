/**
 * Who may read an answer from a page of another origin: everybody the public documents, the configured origins the endpoints
 * that clients in browsers call, nobody the rest (OAuth 2.1 §3.1 – no CORS at the authorization endpoint).
 */
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Endpoint } from './endpoint.ts'

const REALM_PREFIX = /^\/realms\/[^/]+(?=\/)/

const PREFLIGHT_SECONDS = 600

/** The path of the URL table that a request's target belongs to. */
const tablePath = (target: string): string => (target.split('?', 1)[0] ?? '').replace(REALM_PREFIX, '')

const forClients = (origins: readonly string[]): FastifyCorsOptions => ({
  origin: [...origins],
  methods: ['GET', 'POST'],
  allowedHeaders: ['authorization', 'content-type', 'dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop'],
  // RFC 9449 §8.3 – a page has to read the nonce.
  exposedHeaders: ['dpop-nonce', 'www-authenticate'],
  maxAge: PREFLIGHT_SECONDS,
})

/** Calls `mount` for the endpoints of each policy, in a scope of its own: an endpoint without CORS never runs its code. */
export const mountWithCors = (
  app: FastifyInstance,
  endpoints: readonly Endpoint[],
  origins: readonly string[],
  mount: (scope: FastifyInstance, endpoints: readonly Endpoint[]) => void,
): void => {
  const having = (policy: Endpoint['cors']) => endpoints.filter((endpoint) => endpoint.cors === policy)
  const clients = having('clients')
  const paths = new Set(clients.map((endpoint) => endpoint.path))

  mount(app, having('none'))
  app.register((scope, _options, done) => {
    // A simple GET needs no preflight, and the plugin would add a route for every OPTIONS of the server, twice.
    scope.addHook('onRequest', (_request, reply, next) => {
      reply.header('access-control-allow-origin', '*')
      next()
    })
    mount(scope, having('public'))
    done()
  })
  app.register((scope, _options, done) => {
    if (origins.length > 0)
      scope.register(cors, {
        delegator: (request, callback) =>
          callback(null, paths.has(tablePath(request.raw.url ?? '')) ? forClients(origins) : { origin: false }),
      })
    scope.after(() => mount(scope, clients))
    done()
  })
}
