/** RFC 6749 §2.3.1, RFC 7617 – client_id and client_secret in the Authorization header, each form-encoded. */
import { secretRefusal } from './client_secret.ts'
import type { ClientAuthMethod } from './method.ts'

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i

const MAX_CHARACTERS = 8_192

/** RFC 6749 Appendix B. Undefined when an escape is malformed. */
const formDecode = (text: string): string | undefined => {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

export const clientSecretBasic: ClientAuthMethod = {
  name: 'client_secret_basic',
  // Whatever the scheme: a header that is no Basic one is a failed attempt, not a missing one.
  matches: ({ authorization }) => authorization !== undefined,
  read: ({ authorization = '' }) => {
    if (authorization.length > MAX_CHARACTERS) return undefined
    const encoded = BASIC.exec(authorization)?.[1]
    if (encoded === undefined) return undefined
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon < 1) return undefined
    const clientId = formDecode(text.slice(0, colon))
    const secret = formDecode(text.slice(colon + 1))
    if (clientId === undefined || secret === undefined) return undefined
    return { clientId, refusal: (_realm, client) => secretRefusal(client, secret) }
  },
}
