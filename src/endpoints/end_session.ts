/** The end of a session that its own browser asks for, on the pages and in the JSON API alike. */
import type { FastifyRequest } from 'fastify'
import { factsOf } from '../http/request_facts.ts'
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'

export type EndSessionDeps = { sessions: Pick<Sessions, 'end'>; clock: Clock; random: Random }

export const createEndSession =
  (deps: EndSessionDeps) =>
  async (request: FastifyRequest, realm: Realm, session: Session): Promise<void> => {
    await deps.sessions.end([session.sessionId])
    const event = { type: 'logout', principal: session.username, target: session.sessionId } as const
    await realm.store.audit.insert(newAuditEvent(deps, factsOf(request), event))
  }
