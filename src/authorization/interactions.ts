/**
 * An authorization request while a person signs in and decides. What is asked stays here; the browser carries an opaque
 * secret, and only that browser may go on (T-AC-04, T-PA-05).
 */
import { OAuthError } from '../oauth/errors.ts'
import type { Interaction } from '../storage/interactions.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import { isBrowserSecret } from './csrf_token.ts'
import type { StoredParameters } from './read_request.ts'

const LIFETIME_MS = 600_000

const ID = /^[A-Za-z0-9_-]{43}$/

export type InteractionsDeps = { clock: Clock; random: Random }

export type Beginning = {
  clientId: string
  parameters: StoredParameters
  pushedRequestHash: string | undefined
  /** The secret of the browser as it came; undefined when it has none. */
  browserSecret: string | undefined
}

/** An interaction in the browser that it belongs to. */
export type OpenInteraction = { interaction: Interaction; browserSecret: string }

/** One answer for unknown, expired and foreign: whoever has only the address learns nothing. */
const notHere = (hint: string): OAuthError =>
  new OAuthError(
    'invalid_request',
    'This page belongs to another browser, or its time is over. Return to the application and start again',
    { hint },
  )

export const createInteractions = ({ clock, random }: InteractionsDeps) => ({
  async begin(realm: Realm, beginning: Beginning): Promise<{ id: string; browserSecret: string }> {
    const known = beginning.browserSecret
    const browserSecret = isBrowserSecret(known) ? known : random.secret()
    const id = random.secret()
    const now = clock.now()
    await realm.store.interactions.insert({
      id,
      clientId: beginning.clientId,
      browserHash: sha256(browserSecret),
      parameters: beginning.parameters,
      pushedRequestHash: beginning.pushedRequestHash,
      createdAt: now,
      expiresAt: now + LIFETIME_MS,
    })
    return { id, browserSecret }
  },

  /** Throws invalid_request, and conflict where the request was answered. */
  async open(realm: Realm, id: string, browserSecret: string | undefined): Promise<OpenInteraction> {
    const interaction = ID.test(id) ? await realm.store.interactions.find(id, clock.now()) : undefined
    if (!interaction) throw notHere('unknown or expired')
    if (browserSecret === undefined || !constantTimeEquals(sha256(browserSecret), interaction.browserHash)) {
      throw notHere('another browser')
    }
    if (interaction.completedAt !== undefined) throw new OAuthError('conflict', 'This request was answered already')
    return { interaction, browserSecret }
  },
})

export type Interactions = ReturnType<typeof createInteractions>
