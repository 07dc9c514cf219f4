/** OAuth 2.1 §4.1.2.1 – who asks, and where the answer may go. An error of these two is a page: nobody may be sent anywhere. */
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { matchRedirectUri } from '../oauth/redirect_uri.ts'
import type { Realm } from '../storage/realm_directory.ts'

const invalidRequest = (description: string): OAuthError => new OAuthError('invalid_request', description)

/** RFC 6749 §4.1.1 – client_id, of a client that is registered and enabled. */
export const findClient = async (realm: Realm, parameters: Parameters): Promise<Client> => {
  const clientId = parameters.get('client_id')
  if (clientId === undefined) throw invalidRequest('The client_id is missing')
  const client = await realm.findClient(clientId)
  if (!client?.enabled) {
    throw new OAuthError('invalid_client', 'There is no such client', { status: 400, hint: client && 'disabled' })
  }
  return client
}

/**
 * OAuth 2.1 §2.3.2 and §4.1.1 – redirect_uri, one of the client's; it may be left out when there is only one, and the
 * request is not OpenID Connect.
 */
export const findRedirectUri = (client: Client, parameters: Parameters): string => {
  const registered = client.metadata.redirect_uris
  const requested = parameters.get('redirect_uri')
  if (requested !== undefined) {
    if (!matchRedirectUri(registered, requested)) {
      throw invalidRequest('The redirect_uri is not registered for this client')
    }
    return requested
  }
  const [only, ...others] = registered
  // OpenID Connect Core §3.1.2.1 – required there.
  const isOpenid = (parameters.get('scope') ?? '').split(' ').includes('openid')
  if (only === undefined || others.length > 0 || isOpenid) throw invalidRequest('The redirect_uri is missing')
  // A URI that no request could name is not one to fall back to either.
  if (!matchRedirectUri(registered, only)) throw invalidRequest('The redirect_uri of this client is not allowed')
  return only
}
