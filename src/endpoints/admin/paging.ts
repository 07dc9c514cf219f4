/** Paged lists: a bounded limit and an opaque cursor that only this server can make, for the list it was made for. */
import type { FastifyRequest } from 'fastify'
import { queryParameters } from '../../http/form.ts'
import { OAuthError } from '../../oauth/errors.ts'
import type { Page } from '../../storage/rows.ts'
import { constantTimeEquals, hmacSha256 } from '../../system/hashing.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200
const MAX_CURSOR_CHARACTERS = 2_048

export type PageRequest = { after?: string; limit: number }

export type PagingDeps = { config: { pem: { session_jwt_private_key: string } } }

/** T-AD-08 – digits only: neither 1e9 nor 10a is a number here. */
const readLimit = (text: string | undefined): number => {
  if (text === undefined) return DEFAULT_LIMIT
  const limit = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MAX_LIMIT) throw new OAuthError('invalid_request', 'limit must be an integer from 1 to 200')
  return limit
}

export const createPaging = ({ config }: PagingDeps) => {
  // Every node of a server has this key, because every node has to honour the session JWTs of the others.
  const key = hmacSha256(config.pem.session_jwt_private_key, 'cursors of paged lists')

  /** T-AD-07 – bound to its list, so that a key of one realm is never read as a key of another. */
  const seal = (list: string, after: string): string => {
    const text = Buffer.from(after).toString('base64url')
    return `${text}.${hmacSha256(key, `${list}\n${text}`)}`
  }

  const open = (list: string, cursor: string): string => {
    const [text = '', tag = '', ...rest] = cursor.slice(0, MAX_CURSOR_CHARACTERS).split('.')
    if (rest.length > 0 || !constantTimeEquals(tag, hmacSha256(key, `${list}\n${text}`)))
      throw new OAuthError('invalid_request', 'cursor is not one of this list')
    return Buffer.from(text, 'base64url').toString()
  }

  return {
    /** Throws invalid_request. `list` names what is listed. */
    read(request: FastifyRequest, list: string): PageRequest {
      const query = queryParameters(request.url)
      const limit = readLimit(query.get('limit'))
      const cursor = query.get('cursor')
      return cursor === undefined ? { limit } : { limit, after: open(list, cursor) }
    },

    answer: <T, W>(
      page: Page<T>,
      list: string,
      toWire: (item: T) => W,
    ): { items: W[]; next_cursor: string | null } => ({
      items: page.items.map(toWire),
      next_cursor: page.next === undefined ? null : seal(list, page.next),
    }),
  }
}

export type Paging = ReturnType<typeof createPaging>
