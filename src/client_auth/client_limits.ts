/**
 * OAuth 2.1 §2.4.1 – how often a client may authenticate, and how often its credentials may be guessed: both are asked before
 * the credentials are looked at, and neither of a store, so that whoever authenticates right waits for nothing.
 */
import type { Counting } from '../limits/attempt_counts.ts'
import type { RateLimits } from '../limits/rate_limits.ts'
import type { NoteRefusal } from '../limits/refusal_notes.ts'
import type { Wait } from '../limits/token_buckets.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { tooManyRequests } from '../oauth/errors.ts'
import { type AuditEvent, newAuditEvent } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { sourceOf } from '../system/source.ts'
import type { ClientAuthRequest } from './method.ts'

export type ClientLimitsDeps = {
  clock: Clock
  random: Random
  counting: Counting
  rateLimits: Pick<RateLimits, 'ofClient'>
  noteRefusal: NoteRefusal
}

/** Failures of one client from one address before it has to wait. */
const MAX_FAILURES = 10
const FAILURE_WINDOW_MS = 60_000

/** All clients that do not exist share one count, so that invented names fill no memory. No client_id has this form. */
const UNKNOWN = ''

export const createClientLimits = (deps: ClientLimitsDeps) => {
  const failures = deps.counting({ name: 'client_failures', windowMs: FAILURE_WINDOW_MS })

  const keyOf = (realm: Realm, client: Client | undefined, { ip }: ClientAuthRequest): string =>
    `${realm.id} ${sourceOf(ip)} ${client?.clientId ?? UNKNOWN}`

  const audit = async (
    realm: Realm,
    { clientId: principal }: Client,
    request: ClientAuthRequest,
    { type, detail }: Pick<AuditEvent, 'type' | 'detail'>,
  ): Promise<void> => {
    await realm.store.audit.insert(newAuditEvent(deps, request, { type, outcome: 'failure', principal, detail }))
  }

  const requireTurn = async (realm: Realm, client: Client, request: ClientAuthRequest, wait: Wait): Promise<void> => {
    const milliseconds = await wait
    if (milliseconds === 0) return
    const { clientId } = client
    if (deps.noteRefusal({ limit: 'client', source: '', realmId: realm.id, clientId }))
      await audit(realm, client, request, { type: 'rate_limit.reached', detail: { limit: 'client' } })
    throw tooManyRequests('Too many requests of this client', milliseconds)
  }

  return {
    /**
     * Throws too_many_requests, at once or, where a promise is returned, by it. Failures are judged by what this node knows;
     * the next one tells it what the other nodes know.
     */
    check(realm: Realm, client: Client | undefined, request: ClientAuthRequest): Promise<void> | undefined {
      const failed = failures.peek(keyOf(realm, client, request))
      if (failed && failed.count >= MAX_FAILURES)
        throw tooManyRequests('Too many failed client authentications', failed.msLeft)
      const wait = client ? deps.rateLimits.ofClient(client) : 0
      return client && wait !== 0 ? requireTurn(realm, client, request, wait) : undefined
    },

    async fail(realm: Realm, client: Client | undefined, request: ClientAuthRequest, hint: string): Promise<void> {
      const { count } = await failures.add(keyOf(realm, client, request))
      // Failures that were under way when the limit was reached leave no trace: nobody fills the audit by asking all at once.
      if (client && count <= MAX_FAILURES)
        await audit(realm, client, request, {
          type: 'auth_failure',
          detail: { method: client.metadata.token_endpoint_auth_method, reason: hint },
        })
    },
  }
}
