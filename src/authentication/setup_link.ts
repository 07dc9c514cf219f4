/** The one-time link with which a person creates the first administrator in a browser. */

export const SETUP_LINK_TTL_MS = 86_400_000

/** A token as `Random` makes it; anything else needs no look into the store. */
export const isSetupToken = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

export const setupUrl = (issuer: string, token: string): string => `${issuer}/setup/${token}`
