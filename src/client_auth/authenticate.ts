/** RFC 6749 §2.3, §3.2.1, OAuth 2.1 §2.4 – which client sent the request: by exactly one method, the registered one. */
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Client } from '../oauth/client_metadata.ts'
import { invalidClient, OAuthError, tooManyRequests } from '../oauth/errors.ts'
import { profileOf, profileProblem } from '../oauth/profile.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { sourceOf } from '../system/source.ts'
import type { ClientAuthMethod, ClientAuthRequest, ClientCredentials } from './method.ts'
import { type ClientAuthMethodDeps, createClientAuthMethods } from './registry.ts'

export type AuthenticateClientDeps = ClientAuthMethodDeps & { clock: Clock; random: Random }

/** OAuth 2.1 §2.4.1 – failures of one client from one address before it has to wait. */
const MAX_FAILURES = 10
const FAILURE_WINDOW_SECONDS = 60

/** All clients that do not exist share one count, so that invented names fill no memory. No client_id has this form. */
const UNKNOWN = ''

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
  const failures = new RateLimiterMemory({ points: MAX_FAILURES, duration: FAILURE_WINDOW_SECONDS })

  const failureKey = (realm: Realm, client: Client | undefined, { ip }: ClientAuthRequest): string =>
    `${realm.id} ${sourceOf(ip)} ${client?.clientId ?? UNKNOWN}`

  const requirePatience = async (key: string): Promise<void> => {
    const state = await failures.get(key)
    if (state === null || state.consumedPoints < MAX_FAILURES) return
    throw tooManyRequests('Too many failed client authentications', state.msBeforeNext)
  }

  /** Bounded by the limit on failures, and only about clients that exist. */
  const auditFailure = async (
    realm: Realm,
    client: Client,
    request: ClientAuthRequest,
    hint: string,
  ): Promise<void> => {
    await realm.store.audit.insert(
      newAuditEvent(deps, request, {
        type: 'client_authentication.failed',
        outcome: 'failure',
        principal: client.clientId,
        detail: { reason: hint },
      }),
    )
  }

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
    const key = failureKey(realm, client, request)
    await requirePatience(key)
    // T-CA-05 – read as the registered method reads them: what another one can read is nothing of this client.
    const isUsable = client?.enabled === true && credentials !== undefined && keepsProfile(realm, client)
    const refusal = await (credentials ?? first).refusal(realm, isUsable ? client : undefined)
    if (isUsable && refusal === undefined) return client
    const hint = isUsable
      ? (refusal ?? '')
      : 'an unknown or disabled client, another method than the registered one, or less than its profile asks for'
    const { consumedPoints } = await failures.penalty(key)
    // Failures that were under way when the limit was reached leave no trace: nobody fills the audit by asking all at once.
    if (client && consumedPoints <= MAX_FAILURES) await auditFailure(realm, client, request, hint)
    throw refused(realm, request, hint)
  }
}

export type AuthenticateClient = ReturnType<typeof createAuthenticateClient>
