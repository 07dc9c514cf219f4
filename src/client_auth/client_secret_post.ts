/** RFC 6749 §2.3.1 – client_id and client_secret in the request body. */
import { secretRefusal } from './client_secret.ts'
import type { ClientAuthMethod } from './method.ts'

export const clientSecretPost: ClientAuthMethod = {
  name: 'client_secret_post',
  matches: ({ parameters }) => parameters.has('client_secret'),
  read: ({ parameters }) => {
    const clientId = parameters.get('client_id')
    const secret = parameters.get('client_secret')
    if (clientId === undefined || secret === undefined) return undefined
    return { clientId, refusal: (_realm, client) => secretRefusal(client, secret) }
  },
}
