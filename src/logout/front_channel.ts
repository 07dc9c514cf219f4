/** OpenID Connect Front-Channel Logout 1.0 – the addresses that the person's browser opens, one in a frame each, to tell the clients. */
import type { Session } from '../sessions/session_store.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { SessionClient } from '../storage/session_clients.ts'
import type { Store } from '../storage/store.ts'

export type FrontChannelDeps = { store: Pick<Store, 'sessionClients'> }

const withParameters = (uri: string, parameters: Record<string, string>): string =>
  `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`

const toFrame = async (realm: Realm, { clientId, sid }: SessionClient): Promise<string[]> => {
  const client = await realm.findClient(clientId)
  const uri = client?.enabled ? client.metadata.frontchannel_logout_uri : undefined
  // Front-Channel Logout §3 – both or none; they are always there, so that no client takes another's logout for its own.
  return uri === undefined ? [] : [withParameters(uri, { iss: realm.issuer, sid })]
}

/** Asked before the session ends: afterwards nobody knows any more. */
export const createListFrames =
  ({ store }: FrontChannelDeps) =>
  async (realm: Realm, session: Session): Promise<string[]> => {
    const clients = await store.sessionClients.list(session.sessionId)
    return (await Promise.all(clients.map((client) => toFrame(realm, client)))).flat()
  }

/** CSP Level 3 §2.3.1 – what `frame-src` has to let through for the address, and nothing more than it can say. */
export const frameSource = (uri: string): string => {
  const { origin, protocol, hostname } = new URL(uri)
  // CSP has no form for [::1].
  return hostname.startsWith('[') ? protocol : origin
}
