/** RFC 6585 §4 – how often a source may ask, decided before anything else is: before a client is known and a body is read. */
import type { FastifyRequest } from 'fastify'
import type { RateLimits } from '../limits/rate_limits.ts'
import type { Limited, NoteRefusal } from '../limits/refusal_notes.ts'
import type { Wait } from '../limits/token_buckets.ts'
import { tooManyRequests } from '../oauth/errors.ts'
import { ADMINISTRATORS_REALM, isRealmId } from '../oauth/realm_settings.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { RealmDirectory } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { Random } from '../system/random.ts'
import { sourceOf } from '../system/source.ts'
import { factsOf } from './request_facts.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    at?: 'realm' | 'server'
    limit?: 'requests' | 'documents' | 'none'
  }
}

export type LimitRequestsDeps = {
  rateLimits: RateLimits
  noteRefusal: NoteRefusal
  realms: Pick<RealmDirectory, 'open' | 'defaultRealm'>
  clock: Clock
  random: Random
  log: Log
}

type Member = 'realm'

const memberOf = (from: unknown, name: Member): unknown => (from as { [name in Member]?: unknown } | null)?.[name]

/** The realm that the address names; nobody has looked yet whether there is one. */
const realmIdOf = ({ params, query, routeOptions }: FastifyRequest, defaultRealm: string): string | undefined => {
  const named = memberOf(params, 'realm') ?? memberOf(query, 'realm')
  if (typeof named === 'string') return isRealmId(named) ? named : undefined
  return routeOptions.config.at === 'realm' ? defaultRealm : undefined
}

export const createLimitRequests = (deps: LimitRequestsDeps) => {
  const { rateLimits, noteRefusal, realms, log } = deps

  /** In the realm that was asked, or where the server itself is administered. */
  const record = async (request: FastifyRequest, limit: Limited, realmId: string | undefined): Promise<void> => {
    try {
      const asked = realmId === undefined ? undefined : await realms.open(realmId)
      const realm = asked ?? (await realms.open(ADMINISTRATORS_REALM))
      const event = { type: 'rate_limit.reached', outcome: 'failure', detail: { limit } } as const
      await realm?.store.audit.insert(newAuditEvent(deps, factsOf(request), event))
    } catch (error) {
      // The answer is 429 all the same, and the log has it.
      log.warn({ err: error }, 'a rate limit that was reached is not on record')
    }
  }

  const refuse = async (
    request: FastifyRequest,
    { limit, wait }: { limit: Limited; wait: number },
    source: string,
    realmId: string | undefined,
  ): Promise<never> => {
    request.isUnlogged = true
    if (noteRefusal({ limit, source, realmId })) await record(request, limit, realmId)
    throw tooManyRequests('Too many requests', wait)
  }

  /** One bucket after the other: what the source may not ask does not count for the realm. */
  const check = async (request: FastifyRequest): Promise<void> => {
    const source = sourceOf(request.clientAddress)
    const realmId = realmIdOf(request, realms.defaultRealm)
    const isReader = request.routeOptions.config.limit === 'documents'
    const ofSource: Wait = isReader ? rateLimits.ofReader(source) : rateLimits.ofSource(source, realmId)
    const wait = typeof ofSource === 'number' ? ofSource : await ofSource
    if (wait > 0) await refuse(request, { limit: isReader ? 'documents' : 'source', wait }, source, realmId)
    if (isReader || realmId === undefined) return
    const realmWait = await rateLimits.ofRealm(realmId)
    if (realmWait > 0) await refuse(request, { limit: 'realm', wait: realmWait }, source, realmId)
  }

  /** Undefined when there is nothing to wait for. Rejects with too_many_requests. */
  return (request: FastifyRequest): Promise<void> | undefined =>
    rateLimits.isOn() && request.routeOptions.config.limit !== 'none' ? check(request) : undefined
}
