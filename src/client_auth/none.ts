/** RFC 6749 §2.1, §3.2.1 – a public client only says who it is. */
import { type ClientAuthMethod, isBare } from './method.ts'

/** Nothing to compare: authenticate.ts makes sure that the client is registered for this method. */
const refusal = (): undefined => undefined

export const none: ClientAuthMethod = {
  name: 'none',
  sharesRequest: true,
  matches: isBare,
  read: ({ parameters }) => {
    const clientId = parameters.get('client_id')
    return clientId === undefined ? undefined : { clientId, refusal }
  },
}
