/** RFC 6749 §4.4 – the client acts for itself. */
import { type AuthorizationDetail, detailsTypesOf, parseAuthorizationDetails } from '../oauth/authorization_details.ts'
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { askedResources } from '../oauth/resources.ts'
import { isSubset, parseScope, STANDARD_SCOPES } from '../oauth/scopes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Random } from '../system/random.ts'
import type { Grant } from './grant.ts'

/** Nothing was decided before that could be used up. RFC 6749 §4.4.3 – and there is no refresh token. */
const commit = async (): Promise<{ refreshToken: undefined }> => ({ refreshToken: undefined })

/** What the client may ask for without a person: its scopes but those that are about one. Worked out once per client. */
const available = new WeakMap<Client, readonly string[]>()

const availableScopes = (client: Client): readonly string[] => {
  const known = available.get(client)
  if (known) return known
  const scopes = parseScope(client.metadata.scope).filter((scope) => !STANDARD_SCOPES.includes(scope))
  available.set(client, scopes)
  return scopes
}

/** RFC 6749 §3.3 – everything the client is registered for when it does not say, neither by scope nor in detail. */
const grantedScopes = (client: Client, parameters: Parameters): readonly string[] => {
  const all = availableScopes(client)
  const requested = parameters.get('scope')
  if (requested === undefined) return parameters.has('authorization_details') ? [] : all
  const scopes = parseScope(requested)
  if (!isSubset(scopes, all)) throw new OAuthError('invalid_scope', 'The client may not have this scope for itself')
  return scopes
}

/** RFC 9396 §6 – by the client's policy, which is the types that it is registered for. */
const grantedDetails = ({ settings }: Realm, { metadata }: Client, parameters: Parameters): AuthorizationDetail[] => {
  const requested = parameters.get('authorization_details')
  return requested === undefined ? [] : parseAuthorizationDetails(requested, detailsTypesOf(settings, metadata))
}

export const createClientCredentialsGrant = (deps: { random: Random }): Grant => ({
  async authorize(realm, client, { parameters }) {
    // RFC 6749 §4.4, OAuth 2.1 §4.2 – confidential clients only.
    if (!isConfidential(client)) throw new OAuthError('unauthorized_client', 'A public client cannot act for itself')
    return {
      id: deps.random.id(),
      client,
      scopes: grantedScopes(client, parameters),
      authorizationDetails: grantedDetails(realm, client, parameters),
      resources: askedResources(realm, parameters),
      person: undefined,
      commit,
    }
  },
})
