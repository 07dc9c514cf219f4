/** Cookies: host-only, Secure, HttpOnly, and none at all when a name comes twice. */
import type { FastifyReply, FastifyRequest } from 'fastify'

export type SameSite = 'strict' | 'lax'

/**
 * The value; undefined when absent. A name that comes twice counts as absent: a sibling host may have planted one of them,
 * and no rule says which.
 */
export const readCookie = (request: FastifyRequest, name: string): string | undefined => {
  const header = request.headers.cookie
  if (header === undefined) return undefined
  const prefix = `${name}=`
  const values = header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
  const value = values[0]?.slice(prefix.length)
  return values.length === 1 && value !== '' ? value : undefined
}

/** `maxAgeSeconds` undefined: for as long as the browser runs. */
export const setCookie = (
  reply: FastifyReply,
  cookie: { name: string; value: string; sameSite: SameSite; maxAgeSeconds?: number },
): void => {
  reply.setCookie(cookie.name, cookie.value, {
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: cookie.sameSite,
    ...(cookie.maxAgeSeconds === undefined ? {} : { maxAge: cookie.maxAgeSeconds }),
  })
}

export const clearCookie = (reply: FastifyReply, cookie: { name: string; sameSite: SameSite }): void => {
  reply.setCookie(cookie.name, '', { path: '/', httpOnly: true, secure: true, sameSite: cookie.sameSite, maxAge: 0 })
}
