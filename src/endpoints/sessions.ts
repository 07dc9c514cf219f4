/** The sessions API: what an API server asks on each request, and what an administrator looks at and ends. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Endpoint, ServerEndpoint } from '../http/endpoint.ts'
import { factsOf } from '../http/request_facts.ts'
import { isRealmId } from '../oauth/realm_settings.ts'
import type { Session, SessionOwner } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { Realm, RealmDirectory } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { notFound } from './admin/administrator.ts'
import { createPaging, type PagingDeps } from './admin/paging.ts'
import { readBody, requireNoBody } from './json_body.ts'
import {
  createRequireSessionsAccess,
  refuseApiServers,
  type SessionsAccess,
  type SessionsAccessDeps,
} from './sessions_access.ts'

export type SessionsEndpointsDeps = PagingDeps &
  SessionsAccessDeps & {
    realms: Pick<RealmDirectory, 'open'>
    sessions: Pick<Sessions, 'find' | 'use' | 'list' | 'listIdsByOwners' | 'end' | 'endByRealm' | 'removeExpired'>
    clock: Clock
    random: Random
  }

const MAX_IDS = 500

const owners = z
  .array(z.strictObject({ username: z.string().min(1).max(256), auth_scheme: z.string().min(1).max(64) }))
  .max(MAX_IDS)

const sessionRequest = z.strictObject({
  authenticated_clients: owners.default([]),
  sessions_action: z.enum(['LogoutOtherSessions', 'LogoutAllSessions']).nullable().default(null),
})

const idsRequest = z.strictObject({ session_ids: z.array(z.string().min(1).max(128)).max(MAX_IDS) })

const toOwners = (named: z.output<typeof owners>): SessionOwner[] =>
  named.map(({ username, auth_scheme }) => ({ username, authScheme: auth_scheme }))

/** Never the cookie's value or its hash. */
export const toWire = (session: Session) => ({
  session_id: session.sessionId,
  realm_id: session.realmId,
  username: session.username,
  auth_scheme: session.authScheme,
  max_age_seconds: session.maxAgeSeconds,
  max_stale_age_seconds: session.maxStaleAgeSeconds,
  created_at: toSeconds(session.createdAt),
  last_seen_at: toSeconds(session.lastSeenAt),
  ip: session.ip ?? null,
  user_agent: session.userAgent ?? null,
})

const parameter = (request: FastifyRequest, name: 'session_id' | 'realm'): string =>
  (request.params as Record<string, string>)[name] ?? ''

export const createSessionsEndpoints = (deps: SessionsEndpointsDeps): Endpoint[] => {
  const { realms, sessions } = deps
  const requireSessionsAccess = createRequireSessionsAccess(deps)
  const paging = createPaging(deps)

  /** A live session that the caller may know of; one of another realm is as unknown as one that never was. */
  const findCovered = async (access: SessionsAccess, sessionId: string): Promise<Session | undefined> => {
    const session = await sessions.find(sessionId)
    return session && access.covers(session.realmId) ? session : undefined
  }

  /** T-SE-11 – asked anew, as everywhere: the session store may not have heard yet that the user is gone or disabled. */
  const isOfEnabledUser = async (session: Session): Promise<boolean> => {
    const realm = await realms.open(session.realmId)
    return (await realm?.store.users.find(session.userId))?.enabled === true
  }

  const openRealm = async (request: FastifyRequest): Promise<{ access: SessionsAccess; realm: Realm }> => {
    const realmId = parameter(request, 'realm')
    const access = await requireSessionsAccess(request, realmId)
    const realm = isRealmId(realmId) ? await realms.open(realmId) : undefined
    if (!realm) throw notFound()
    request.realmId = realm.id
    return { access, realm }
  }

  const recordEnd = async (
    request: FastifyRequest,
    access: SessionsAccess,
    ended: { realmId: string; target: string | undefined; detail: Record<string, string | string[]> },
  ): Promise<void> => {
    const realm = await realms.open(ended.realmId)
    const { target, detail } = ended
    await realm?.store.audit.insert(
      newAuditEvent(deps, factsOf(request), { type: 'session.ended', principal: access.principal, target, detail }),
    )
  }

  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const access = await requireSessionsAccess(request, undefined)
    const session = await findCovered(access, parameter(request, 'session_id'))
    // A restricted session is good for changing the password and for nothing else.
    if (!session || session.restricted || !(await isOfEnabledUser(session)))
      return reply.type('application/json').send('null')
    return reply.send(toWire(access.isApiServer ? await sessions.use(session) : session))
  }

  const showAndAct = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const access = await requireSessionsAccess(request, undefined)
    const body = readBody(request, sessionRequest)
    const session = await findCovered(access, parameter(request, 'session_id'))
    if (!session) throw notFound()
    if (body.sessions_action !== null) {
      const named = toOwners(body.authenticated_clients)
      const self = { username: session.username, authScheme: session.authScheme }
      const ids = await sessions.listIdsByOwners(session.realmId, named.length > 0 ? named : [self])
      const others = ids.filter((id) => id !== session.sessionId)
      const ended = body.sessions_action === 'LogoutAllSessions' ? [...others, session.sessionId] : others
      await sessions.end(ended)
      const { realmId, sessionId: target } = session
      await recordEnd(request, access, {
        realmId,
        target,
        detail: { action: body.sessions_action, session_ids: ended },
      })
    }
    return reply.send(toWire(session))
  }

  const listByOwners = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { realm } = await openRealm(request)
    return reply.send({ session_ids: await sessions.listIdsByOwners(realm.id, toOwners(readBody(request, owners))) })
  }

  const list = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { realm } = await openRealm(request)
    const name = `sessions of ${realm.id}`
    return reply.send(paging.answer(await sessions.list(realm.id, paging.read(request, name)), name, toWire))
  }

  const endSome = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const access = await requireSessionsAccess(request, undefined)
    const { session_ids: ids } = readBody(request, idsRequest)
    const found = await Promise.all(ids.map((id) => findCovered(access, id)))
    const byRealm = Map.groupBy(
      found.filter((session) => session !== undefined),
      (session) => session.realmId,
    )
    for (const [realmId, ending] of byRealm) {
      const ended = ending.map((session) => session.sessionId)
      await sessions.end(ended)
      await recordEnd(request, access, { realmId, target: undefined, detail: { session_ids: ended } })
    }
    return reply.code(204).send()
  }

  const endRealm = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { access, realm } = await openRealm(request)
    requireNoBody(request)
    await sessions.endByRealm(realm.id)
    await recordEnd(request, access, { realmId: realm.id, target: undefined, detail: { sessions: 'all' } })
    return reply.code(204).send()
  }

  const removeExpired = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    refuseApiServers(await requireSessionsAccess(request, undefined))
    requireNoBody(request)
    await sessions.removeExpired()
    return reply.code(204).send()
  }

  const endpoint = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): ServerEndpoint => ({
    at: 'server',
    method,
    path,
    errors: 'json',
    cors: 'none',
    handle: (request, reply) => handle(request, reply.header('cache-control', 'no-store')),
  })

  return [
    endpoint('GET', '/sessions/:session_id', show),
    endpoint('POST', '/sessions/:session_id', showAndAct),
    endpoint('POST', '/sessions/realms/:realm/clients', listByOwners),
    endpoint('GET', '/sessions/realms/:realm', list),
    endpoint('DELETE', '/sessions', endSome),
    endpoint('DELETE', '/sessions/expired', removeExpired),
    endpoint('DELETE', '/sessions/realms/:realm', endRealm),
  ]
}
