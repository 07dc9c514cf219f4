/**
 * RFC 9449 §8 and §9 – nonces for DPoP proofs: the HMAC of a window of time under a secret of the realm, so that every node
 * accepts what another one gave out, and nothing is stored for a nonce.
 */
import { createRealmSecret } from '../keys/realm_secret.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, hmacSha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'

export type DpopNonceDeps = { clock: Clock; random: Random }

const WINDOW_MS = 120_000

/** A nonce is accepted for at most this long: in its own window, in the next, and by a node whose clock is behind. */
export const NONCE_LIFETIME_MS = 3 * WINDOW_MS

export const createDpopNonces = ({ clock, random }: DpopNonceDeps) => {
  const secretOf = createRealmSecret({ clock, random }, 'dpop_nonce')

  const nonceOf = (realm: Realm, secret: string, window: number): string =>
    hmacSha256(secret, JSON.stringify([realm.id, window]))

  const currentWindow = (): number => Math.floor(clock.now() / WINDOW_MS)

  return {
    /** What a client shall use next; undefined where the realm has no nonces. */
    async fresh(realm: Realm): Promise<string | undefined> {
      if ((realm.settings.dpop_nonce ?? 'off') === 'off') return undefined
      return nonceOf(realm, await secretOf(realm), currentWindow())
    },

    async isFresh(realm: Realm, nonce: string): Promise<boolean> {
      const secret = await secretOf(realm)
      const now = currentWindow()
      // The next one too: the clock of the node that gave it may be ahead.
      return [now, now - 1, now + 1].some((window) => constantTimeEquals(nonceOf(realm, secret, window), nonce))
    },
  }
}
