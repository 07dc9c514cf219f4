/** RFC 6749 §2.3, §3.2.1, OAuth 2.1 §2.4 – which client sent the request: by exactly one method, the registered one. */
import type { Client } from '../oauth/client_metadata.ts'
import { invalidClient, OAuthError } from '../oauth/errors.ts'
import { profileOf, profileProblem } from '../oauth/profile.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type ClientLimitsDeps, createClientLimits } from './client_limits.ts'
import type { ClientAuthMethod, ClientAuthRequest, ClientCredentials } from './method.ts'
import { type ClientAuthMethodDeps, createClientAuthMethods } from './registry.ts'

export type AuthenticateClientDeps = ClientAuthMethodDeps & ClientLimitsDeps

const MAX_CLIENT_ID_CHARACTERS = 255

/** Such an id was never given to anybody, and some databases refuse to be asked. */
const isPossibleId = (clientId: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  clientId.length <= MAX_CLIENT_ID_CHARACTERS && !/[\0-\x1f\x7f]/.test(clientId)

/** FAPI 2.0 §5.3.2.1 – the realm may ask for more than it did when the client was registered. */
const keepsProfile = ({ settings }: Realm, { metadata }: Client): boolean =>
  profileProblem(profileOf(settings, metadata), metadata) === undefined

/** One, or those that only the client's registration tells apart. */
const findMethods = (methods: readonly ClientAuthMethod[], request: ClientAuthRequest): ClientAuthMethod[] => {
  const found = methods.filter((method) => method.matches(request))
  // RFC 6749 §2.3 – the client must not use more than one method in a request.
  if (found.length > 1 && !found.every((method) => method.sharesRequest))
    throw new OAuthError('invalid_request', 'More than one client authentication method was used')
  return found
}

/** RFC 6749 §5.2 – who used the Authorization header is answered in its terms. */
const refused = (realm: Realm, request: ClientAuthRequest, hint: string): OAuthError =>
  request.authorization === undefined
    ? invalidClient(hint)
    : invalidClient(hint, { headers: { 'www-authenticate': `Basic realm="${realm.issuer}"` } })

export const createAuthenticateClient = (deps: AuthenticateClientDeps) => {
  const methods = createClientAuthMethods(deps)
  const limits = createClientLimits(deps)

  const readCredentials = (
    method: ClientAuthMethod | undefined,
    request: ClientAuthRequest,
  ): ClientCredentials | undefined => {
    const credentials = method?.read(request)
    if (!credentials || !isPossibleId(credentials.clientId)) return undefined
    // RFC 6749 §3.2.1 – a client_id beside other credentials has to name the same client.
    const claimed = request.parameters.get('client_id')
    return claimed === undefined || claimed === credentials.clientId ? credentials : undefined
  }

  const firstReadable = (found: readonly ClientAuthMethod[], request: ClientAuthRequest) => {
    for (const method of found) {
      const credentials = readCredentials(method, request)
      if (credentials) return credentials
    }
    return undefined
  }

  /** The client that the request comes from. Throws invalid_client, invalid_request and too_many_requests. */
  return async (realm: Realm, request: ClientAuthRequest): Promise<Client> => {
    const found = findMethods(methods, request)
    const first = firstReadable(found, request)
    if (!first) throw refused(realm, request, 'no readable client credentials')
    const client = await realm.findClient(first.clientId)
    const method = found.find(({ name }) => name === client?.metadata.token_endpoint_auth_method)
    const credentials = readCredentials(method, request)
    const pending = limits.check(realm, client, request)
    if (pending !== undefined) await pending
    // T-CA-05 – read as the registered method reads them: what another one can read is nothing of this client.
    const isUsable = client?.enabled === true && credentials !== undefined && keepsProfile(realm, client)
    const refusal = await (credentials ?? first).refusal(realm, isUsable ? client : undefined)
    if (isUsable && refusal === undefined) return client
    const hint = isUsable
      ? (refusal ?? '')
      : 'an unknown or disabled client, another method than the registered one, or less than its profile asks for'
    await limits.fail(realm, client, request, hint)
    throw refused(realm, request, hint)
  }
}

export type AuthenticateClient = ReturnType<typeof createAuthenticateClient>
