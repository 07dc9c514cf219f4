/** RFC 9126 – authorization requests that wait behind a request_uri until the client sends the person along. */
import { createCounting } from '../limits/attempt_counts.ts'
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import { OAuthError, tooManyRequests } from '../oauth/errors.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import { sourceOf } from '../system/source.ts'
import type { StoredParameters } from './read_request.ts'

/** RFC 9126 §2.2 */
const PREFIX = 'urn:ietf:params:oauth:request_uri:'

/** RFC 9126 §7 – what one client may have waiting, so that it cannot fill the store. */
const MAX_OPEN = 1_000

/** Anybody can push in the name of a public client: one source must not use up all that it may have waiting. */
const MAX_OPEN_PER_SOURCE = 100

export type PushedRequestsDeps = {
  clock: Clock
  random: Random
  config: { oauth_params: { par_ttl_secs: number } }
}

/** What the client pushed, and the hash that it is consumed by. */
export type OpenedRequest = { referenceHash: string; parameters: Record<string, string> }

/** One description for unknown, expired, used and foreign: whoever guesses learns nothing. */
const invalidRequestUri = (hint: string): OAuthError =>
  new OAuthError('invalid_request_uri', 'The request_uri is not valid, has expired or was used already', { hint })

export const isPushedRequestUri = (requestUri: string): boolean => requestUri.startsWith(PREFIX)

/** RFC 9126 §2.3 */
const tooMany = (milliseconds: number): OAuthError =>
  tooManyRequests('Too many pushed requests are waiting', milliseconds)

export const createPushedRequests = ({ clock, random, config }: PushedRequestsDeps) => {
  const { par_ttl_secs: seconds } = config.oauth_params
  const bySource = createCounting({ now: clock.now })({ name: 'pushed_requests', windowMs: seconds * 1000 })

  const requireShare = async (realm: Realm, clientId: string, ip: string): Promise<void> => {
    const { count, msLeft } = await bySource.add(`${realm.id} ${clientId} ${sourceOf(ip)}`)
    if (count > MAX_OPEN_PER_SOURCE) throw tooMany(msLeft)
  }

  return {
    /** Throws too_many_requests. */
    async push(
      realm: Realm,
      client: Client,
      parameters: StoredParameters,
      ip: string,
    ): Promise<{ request_uri: string; expires_in: number }> {
      const now = clock.now()
      const { clientId } = client
      if (!isConfidential(client)) await requireShare(realm, clientId, ip)
      if ((await realm.store.pushedRequests.countOpen(clientId, now)) >= MAX_OPEN) throw tooMany(seconds * 1000)
      const reference = random.secret()
      await realm.store.pushedRequests.insert({
        referenceHash: sha256(reference),
        clientId,
        parameters,
        createdAt: now,
        expiresAt: now + seconds * 1000,
      })
      return { request_uri: `${PREFIX}${reference}`, expires_in: seconds }
    },

    /** May be opened again until the authorization completes: a person reloads. Throws invalid_request_uri. */
    async open(realm: Realm, requestUri: string, clientId: string | undefined): Promise<OpenedRequest> {
      const referenceHash = sha256(requestUri.slice(PREFIX.length))
      const pushed = await realm.store.pushedRequests.find(referenceHash)
      if (!pushed) throw invalidRequestUri('unknown')
      // RFC 9126 §4 – only for the client that pushed it.
      if (pushed.clientId !== clientId) throw invalidRequestUri('pushed by another client')
      if (pushed.completedAt !== undefined) throw invalidRequestUri('used')
      if (pushed.expiresAt <= clock.now()) throw invalidRequestUri('expired')
      return { referenceHash, parameters: pushed.parameters }
    },
  }
}

export type PushedRequests = ReturnType<typeof createPushedRequests>
