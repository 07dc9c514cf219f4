/** The secret that ties a page and its form to one browser, in a cookie of the realm. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isBrowserSecret } from '../authorization/csrf_token.ts'
import { interactionCookieName } from '../sessions/cookies.ts'
import type { Random } from '../system/random.ts'
import { readCookie, setCookie } from './cookies.ts'

/** As the browser sent it; undefined when it has none. */
export const readBrowserSecret = (request: FastifyRequest, realmId: string): string | undefined =>
  readCookie(request, interactionCookieName(realmId))

export const setBrowserSecret = (reply: FastifyReply, realmId: string, value: string): void =>
  setCookie(reply, { name: interactionCookieName(realmId), value, sameSite: 'lax' })

/** The browser's own; made and set where it has none. */
export const ensureBrowserSecret = (
  request: FastifyRequest,
  reply: FastifyReply,
  realmId: string,
  random: Random,
): string => {
  const known = readBrowserSecret(request, realmId)
  if (isBrowserSecret(known)) return known
  const value = random.secret()
  setBrowserSecret(reply, realmId, value)
  return value
}
