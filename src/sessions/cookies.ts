/** RFC 6265bis §4.1.3.2 – the cookies of a realm: the `__Host-` prefix keeps sibling hosts from planting one. */
import type { SessionKind } from './session_store.ts'

const prefixes: Record<SessionKind, string> = { api: '__Host-session.', sso: '__Host-sso.' }

/** One a realm, so that an administrator and a user can be signed in in one browser. */
export const sessionCookieName = (kind: SessionKind, realmId: string): string => `${prefixes[kind]}${realmId}`

/** RFC 6265bis §8.8.2 – `lax` where requests arrive from other sites, as authorization requests do. */
export const sessionCookieSameSite = (kind: SessionKind): 'strict' | 'lax' => (kind === 'api' ? 'strict' : 'lax')

/** Says with whom somebody signed in right in this browser before. */
export const deviceCookieName = (realmId: string): string => `__Host-device.${realmId}`

/** Binds an interaction to the browser in which it began. */
export const interactionCookieName = (realmId: string): string => `__Host-interaction.${realmId}`
