/** From dependencies to a listening server: TLS, parsers, hooks, and the URL table of endpoints/registry.ts. */

import type { Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, type RawServerDefault } from 'fastify'
import type { Config } from './config/schema.ts'
import type { Dependencies } from './dependencies.ts'
import { createEndpoints } from './endpoints/registry.ts'
import { addressesOf, listenBeside } from './http/addresses.ts'
import { addBodyParsers, limitBodyTime, requireReadableBody } from './http/body.ts'
import { requireCanonicalPath } from './http/canonical_path.ts'
import { createCertificateLife } from './http/certificate_life.ts'
import { createClientAddress } from './http/client_address.ts'
import { mountWithCors } from './http/cors.ts'
import { createErrorHandler } from './http/errors.ts'
import { createRequireKnownHost } from './http/hosts.ts'
import { createLimitRequests } from './http/limit_requests.ts'
import { createConnections, createListener, type ListenerHandler, renewContext } from './http/listener.ts'
import { mount } from './http/mount.ts'
import { readClientAddress } from './http/request_facts.ts'
import { requireSingleHeaders } from './http/single_headers.ts'
import { OAuthError } from './oauth/errors.ts'
import { StoreUnavailable } from './storage/store_unavailable.ts'
import { delay } from './system/clock.ts'

const BODY_LIMIT_BYTES = 65_536
const DRAIN_NOTICE_MS = 1_000
const HEALTH_PATHS = new Set(['/live', '/ready', '/health'])

const logRequest = (deps: Dependencies, request: FastifyRequest, reply: FastifyReply): void => {
  if (request.isUnlogged) return
  const { url } = request.routeOptions
  deps.log.info(
    {
      method: request.method,
      route: url ?? 'none',
      status: reply.statusCode,
      ms: Math.round((performance.now() - request.arrivedAt) * 10) / 10,
      realm: request.realmId,
      client_id: request.clientId,
      error: request.errorCode,
      ip: request.clientAddress,
      request_id: request.id,
    },
    'request',
  )
}

const noSchemas = (): never => {
  throw new Error('Endpoints check what they take themselves; a JSON schema is never compiled')
}

const createServer = async (deps: Dependencies, isPrepared: () => boolean) => {
  const { config, random } = deps
  const connections = createConnections()
  let isDraining = false

  const app: FastifyInstance = fastify<RawServerDefault>({
    // fastify's types know one kind of server at a time; this one speaks HTTP/1.1 and HTTP/2.
    serverFactory: (handler) =>
      createListener(
        config,
        handler as unknown as ListenerHandler,
        config.asks_for_certificate,
      ) as unknown as RawServerDefault,
    genReqId: () => random.id(),
    // No endpoint has a JSON schema: the compilers for them would cost ten megabytes and a tenth of a second at start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: 512,
    },
    frameworkErrors: (error, request, reply) => {
      createErrorHandler('json', deps.log)(error, request, reply)
    },
    clientErrorHandler: (_error, socket) => connections.refuse(socket),
  })
  const requireKnownHost = createRequireKnownHost(config.hosts)
  const certificateLife = createCertificateLife(config.pem.server_certificate, deps)
  let clientAddress = createClientAddress(config.server_params.trusted_proxies)
  const limitRequests = createLimitRequests(deps)
  const requestTimeoutMs = config.server_params.request_timeout_secs * 1000

  app.decorateRequest('clientAddress', '')
  app.decorateRequest('realmId', undefined)
  app.decorateRequest('clientId', undefined)
  app.decorateRequest('errorCode', undefined)
  app.decorateRequest('arrivedAt', 0)
  app.decorateRequest('isUnlogged', false)
  addBodyParsers(app)
  app.setErrorHandler(createErrorHandler('json', deps.log))
  app.setNotFoundHandler(() => {
    throw new OAuthError('not_found', 'There is nothing at this address')
  })

  app.addHook('onRequest', (request, reply, done) => {
    request.arrivedAt = performance.now()
    request.clientAddress = readClientAddress(request, clientAddress)
    connections.begin(request.raw, reply.raw)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('strict-transport-security', 'max-age=31536000')
    limitBodyTime(request, requestTimeoutMs)
    done()
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const pending = limitRequests(request)
    if (pending !== undefined) pending.then(() => done(), done)
    else done()
  })
  app.addHook('onRequest', (request, _reply, done) => {
    requireCanonicalPath(request)
    requireSingleHeaders(request)
    requireReadableBody(request)
    if (!HEALTH_PATHS.has(request.raw.url ?? '')) {
      requireKnownHost(request)
      if (!isPrepared()) throw new StoreUnavailable('The stores have not been reached yet')
    }
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    // At the end, because a request may have begun before the shutdown did.
    if (isDraining && request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    connections.end(request.raw)
    logRequest(deps, request, reply)
    done()
  })

  const endpoints = createEndpoints({
    ...deps,
    isPrepared,
    isDraining: () => isDraining,
    isCertificateOver: certificateLife.isOver,
  })
  await app.register(cookie, { hook: false })
  mountWithCors(app, endpoints, config.server_params.cors_allowed_origins, (scope, rows) => mount(scope, deps, rows))
  await app.ready()

  return {
    app,
    connections,
    certificateLife,
    startDraining: (): void => {
      isDraining = true
    },
    trustProxies: (ranges: readonly string[]): void => {
      clientAddress = createClientAddress(ranges)
    },
  }
}

export type RunningServer = {
  /** Where the main port listens; the real port when the configuration says 0. */
  port: number
  /** Takes on what listeners can change: keys and certificates for the handshakes from now on, and the trusted proxies. */
  apply(config: Config): void
  /** Lets requests finish within the grace time of the configuration, then closes everything. */
  close(): Promise<void>
}

/** Until `isPrepared` only the addresses for supervisors answer; every other request is told to come back. */
export const startServer = async (
  deps: Dependencies,
  isPrepared: () => boolean = () => true,
): Promise<RunningServer> => {
  const { app, connections, certificateLife, startDraining, trustProxies } = await createServer(deps, isPrepared)
  const addresses = await addressesOf(deps.config.host_name)
  const main = app.server as unknown as Http2SecureServer
  connections.follow(main)
  await app.listen({ host: addresses[0], port: deps.config.host_port })
  const { port } = app.server.address() as AddressInfo
  const besides = await listenBeside(deps.config, app.routing as unknown as ListenerHandler, addresses, port)
  for (const { server } of besides) connections.follow(server)
  const graceMs = deps.config.server_params.shutdown_grace_secs * 1000

  const close = async (): Promise<void> => {
    startDraining()
    // Still accepting: whoever balances the load sees /ready turn 503 before a connection is refused.
    await delay(Math.min(DRAIN_NOTICE_MS, graceMs / 2))
    for (const { server } of besides) server.close()
    certificateLife.stop()
    const closed = app.close()
    connections.close()
    const timer = setTimeout(() => connections.destroy(), graceMs)
    await closed
    clearTimeout(timer)
    connections.destroy()
    await deps.close()
  }

  const apply = (config: Config): void => {
    renewContext(main, config, deps.config.asks_for_certificate)
    for (const { server, asks } of besides) renewContext(server, config, asks)
    certificateLife.renew(config.pem.server_certificate)
    trustProxies(config.server_params.trusted_proxies)
  }
  return { port, apply, close }
}
