/** OpenID Connect RP-Initiated Logout 1.0 §2 – what a client asks for when it sends a person here to sign out. */
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { IdTokenHint, ReadIdTokenHint } from './id_token_hint.ts'
import { redirectLocation } from './response.ts'

const MAX_STATE_CHARACTERS = 2_048

export type LogoutRequest = {
  /** Whose session is meant; undefined without id_token_hint. */
  hint: IdTokenHint | undefined
  client: Client | undefined
  /** One of the client's own, with state; undefined where nobody says whose it is. */
  returnTo: string | undefined
}

export type LogoutRequestDeps = { readIdTokenHint: ReadIdTokenHint }

const invalidRequest = (description: string): OAuthError => new OAuthError('invalid_request', description)

const findClient = async (realm: Realm, hint: IdTokenHint | undefined, clientId: string | undefined) => {
  // RP-Initiated Logout §2 – both name the same client.
  if (hint && clientId !== undefined && hint.clientId !== clientId) {
    throw invalidRequest('The client_id is not the one of the id_token_hint')
  }
  const id = hint?.clientId ?? clientId
  if (id === undefined) return undefined
  const client = await realm.findClient(id)
  if (!client?.enabled) throw invalidRequest('There is no such client')
  return client
}

/** Exact, without the loopback exception of authorization requests: RP-Initiated Logout §3. */
const findReturnTo = (client: Client | undefined, parameters: Parameters): string | undefined => {
  const uri = parameters.get('post_logout_redirect_uri')
  if (uri === undefined || client === undefined) return undefined
  if (!client.metadata.post_logout_redirect_uris.includes(uri)) {
    throw invalidRequest('The post_logout_redirect_uri is not registered for this client')
  }
  return uri
}

const withState = (uri: string, state: string | undefined): string => {
  if (state === undefined) return uri
  if (state.length > MAX_STATE_CHARACTERS) throw invalidRequest('The state is too long')
  return redirectLocation(uri, { state })
}

/** Throws invalid_request. */
export const createReadLogoutRequest =
  ({ readIdTokenHint }: LogoutRequestDeps) =>
  async (realm: Realm, parameters: Parameters): Promise<LogoutRequest> => {
    const token = parameters.get('id_token_hint')
    const hint = token === undefined ? undefined : await readIdTokenHint(realm, token)
    const client = await findClient(realm, hint, parameters.get('client_id'))
    const uri = findReturnTo(client, parameters)
    return { hint, client, returnTo: uri && withState(uri, parameters.get('state')) }
  }
