/** From rows of the URL table to routes: the addresses of a row, its realm, its error channel, and the methods it has not. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/errors.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import type { Log } from '../system/log.ts'
import type { Endpoint, RealmEndpoint } from './endpoint.ts'
import { createErrorHandler } from './errors.ts'

export type MountDeps = { realms: RealmDirectory; log: Log }

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** RFC 8414 §3.1 – the well-known part stands before the issuer's path; OpenID Connect Discovery §4 appends it. Both are served. */
const pathsOf = (endpoint: Endpoint): string[] => {
  if (endpoint.at === 'server') return [endpoint.path]
  const inserted = endpoint.path.startsWith('/.well-known/') ? [`${endpoint.path}/realms/:realm`] : []
  return [endpoint.path, `/realms/:realm${endpoint.path}`, ...inserted]
}

const inRealm =
  ({ realms }: MountDeps, endpoint: RealmEndpoint) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const id = (request.params as { realm?: string }).realm ?? realms.defaultRealm
    const realm = await (endpoint.mayBeStale ? realms.openForReading(id) : realms.open(id))
    if (!realm) throw new OAuthError('not_found', 'There is no such realm')
    request.realmId = realm.id
    return await endpoint.handle(request, reply, realm)
  }

const handlerOf = (deps: MountDeps, endpoint: Endpoint) => {
  if (endpoint.at === 'server') return (request: FastifyRequest, reply: FastifyReply) => endpoint.handle(request, reply)
  return inRealm(deps, endpoint)
}

/** RFC 9110 §15.5.6 – a known address answers an unknown method with 405 and the list of those it has. */
const refuseOtherMethods = (app: FastifyInstance, deps: MountDeps, methodsAt: Map<string, Set<string>>): void => {
  for (const [url, methods] of methodsAt) {
    const allowed = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])]
    const allow = allowed.join(', ')
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      exposeHeadRoute: false,
      errorHandler: createErrorHandler('json', deps.log),
      handler: () => {
        throw new OAuthError('method_not_allowed', 'This method is not allowed here', { headers: { allow } })
      },
    })
  }
}

export const mount = (app: FastifyInstance, deps: MountDeps, endpoints: readonly Endpoint[]): void => {
  const methodsAt = new Map<string, Set<string>>()
  for (const endpoint of endpoints) {
    for (const url of pathsOf(endpoint)) {
      const methods = [endpoint.method].flat()
      app.route({
        method: methods,
        url,
        exposeHeadRoute: methods.includes('GET'),
        errorHandler: createErrorHandler(endpoint.errors, deps.log),
        config: { at: endpoint.at, limit: endpoint.limit ?? 'requests' },
        handler: handlerOf(deps, endpoint),
      })
      methodsAt.set(url, new Set([...(methodsAt.get(url) ?? []), ...methods]))
    }
  }
  refuseOtherMethods(app, deps, methodsAt)
}
