/** The rows of the administration API. Who asks, and whether they may know of the realm, is settled before anything else is looked at. */
import type { FastifyRequest } from 'fastify'
import type { ServerEndpoint } from '../../http/endpoint.ts'
import { isRealmId } from '../../oauth/realm_settings.ts'
import type { Realm, RealmDirectory } from '../../storage/realm_directory.ts'
import { type Administrator, notFound, type RequireAdministrator } from './administrator.ts'

export type Call = {
  request: FastifyRequest
  administrator: Administrator
  /** A part of the path; every row names those that it has. */
  part(name: string): string
}

/** Without a body: 204. */
export type Answer = { status?: 200 | 201; body?: unknown }

export type RowDeps = { requireAdministrator: RequireAdministrator; realms: Pick<RealmDirectory, 'open'> }

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export const createRows = ({ requireAdministrator, realms }: RowDeps) => {
  const row = (
    method: Method,
    path: string,
    answer: (request: FastifyRequest, part: Call['part']) => Promise<Answer>,
  ): ServerEndpoint => ({
    at: 'server',
    method,
    path: `/admin${path}`,
    errors: 'json',
    cors: 'none',
    async handle(request, reply) {
      const parts = request.params as Record<string, string>
      const { status, body } = await answer(request, (name) => parts[name] ?? '')
      reply.header('cache-control', 'no-store')
      return body === undefined ? reply.code(204).send() : reply.code(status ?? 200).send(body)
    },
  })

  return {
    /** For what is of no single realm. */
    ofServer: (method: Method, path: string, work: (call: Call) => Promise<Answer>): ServerEndpoint =>
      row(method, path, async (request, part) => {
        const administrator = await requireAdministrator(request, undefined)
        return await work({ request, administrator, part })
      }),

    /** For what lies under /admin/realm/{id}: one answer for realms that are not there and for those of others. */
    ofRealm: (method: Method, path: string, work: (call: Call, realm: Realm) => Promise<Answer>): ServerEndpoint =>
      row(method, `/realm/:realmId${path}`, async (request, part) => {
        const realmId = part('realmId')
        const administrator = await requireAdministrator(request, realmId)
        const realm = isRealmId(realmId) ? await realms.open(realmId) : undefined
        if (!realm) throw notFound()
        request.realmId = realm.id
        return await work({ request, administrator, part }, realm)
      }),
  }
}

export type Rows = ReturnType<typeof createRows>
