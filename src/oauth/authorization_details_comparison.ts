/**
 * RFC 9396 §6.1 – whether a detail is no more than one that was allowed before. Only this server's types are compared, and
 * only what is sure to be less counts as less: fewer of the members of §2.2 that list what is allowed. Anything else has to
 * be the same, because a shorter list may as well be a list of fewer exceptions.
 */
import type { AuthorizationDetail } from './authorization_details.ts'

const MAY_BE_FEWER = new Set(['locations', 'actions', 'datatypes', 'privileges'])

/** How many different details of one consent are kept; the oldest make room. */
const MAX_REMEMBERED = 50

/** The same text for the same JSON, whatever the order of its members. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const isFewer = (asked: unknown, allowed: unknown): boolean =>
  Array.isArray(asked) && Array.isArray(allowed) && asked.every((one) => allowed.includes(one))

const isWithin = (asked: AuthorizationDetail, allowed: AuthorizationDetail): boolean => {
  const names = Object.keys(asked)
  // A member that is left out may mean all that it could list.
  if (names.length !== Object.keys(allowed).length) return false
  return names.every(
    (name) =>
      Object.hasOwn(allowed, name) &&
      (MAY_BE_FEWER.has(name)
        ? isFewer(asked[name], allowed[name])
        : canonical(asked[name]) === canonical(allowed[name])),
  )
}

export const areWithin = (asked: readonly AuthorizationDetail[], allowed: readonly AuthorizationDetail[]): boolean =>
  asked.every((detail) => allowed.some((known) => isWithin(detail, known)))

/** What is remembered of a person's decisions when another one is made. */
export const addDetails = (
  before: readonly AuthorizationDetail[],
  added: readonly AuthorizationDetail[],
): AuthorizationDetail[] => [...before.filter((detail) => !areWithin([detail], added)), ...added].slice(-MAX_REMEMBERED)
