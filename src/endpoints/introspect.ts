/** RFC 7662 and RFC 9701 – token introspection, for the token's own client and for clients that are registered to ask about all. */
import type { AuthenticateClient } from '../client_auth/authenticate.ts'
import { accepts } from '../http/accept.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import { tokenTypeOf } from '../oauth/confirmation.ts'
import { invalidClient, OAuthError } from '../oauth/errors.ts'
import { joinScope, parseScope } from '../oauth/scopes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import {
  createIntrospectionResponse,
  INTROSPECTION_JWT,
  type IntrospectionResponseDeps,
} from '../tokens/introspection_response.ts'
import { isLive } from '../tokens/refresh_token.ts'
import { hasPairwiseSubjects, type Subjects } from '../tokens/subject.ts'
import type { FindAccessToken, LiveAccessToken } from '../tokens/verify.ts'
import { clientAuthRequest } from './client_auth_request.ts'

export type IntrospectDeps = IntrospectionResponseDeps & {
  authenticateClient: AuthenticateClient
  findAccessToken: FindAccessToken
  subjects: Pick<Subjects, 'subjectOf'>
  clock: Clock
}

const PATH = '/introspect'

/** A resource server that takes tokens of any client has this scope among those it is registered for. */
const INTROSPECT_SCOPE = 'introspect'

/** RFC 7662 §2.2 – and nothing else, whether the token is unknown, over, or none of the caller's business. */
const INACTIVE = { active: false } as const

const mayAskAboutAll = new WeakMap<Client, boolean>()

/** RFC 7662 §4 – a token is not explained to whoever holds it. */
const mayAsk = (caller: Client, clientId: string): boolean => {
  if (caller.clientId === clientId) return true
  const known = mayAskAboutAll.get(caller)
  if (known !== undefined) return known
  const may = parseScope(caller.metadata.scope).includes(INTROSPECT_SCOPE)
  mayAskAboutAll.set(caller, may)
  return may
}

/** RFC 8707, T-AD-12 – a resource server asks about the tokens that are for it. */
const isForCaller = ({ settings }: Realm, { clientId }: Client, audience: string | string[]): boolean =>
  (settings.resources ?? []).some(
    ({ identifier, client_id }) => client_id === clientId && [audience].flat().includes(identifier),
  )

export const createIntrospectEndpoint = (deps: IntrospectDeps): Endpoint => {
  const sign = createIntrospectionResponse(deps)

  /** OpenID Connect Core §8 – as the caller knows the person, whose the token may be; a username would be known everywhere. */
  const person = async (realm: Realm, caller: Client, user: User): Promise<object> => ({
    sub: await deps.subjects.subjectOf(realm, caller, user.id),
    ...(hasPairwiseSubjects(caller) ? {} : { username: user.username }),
  })

  const accessToken = async (realm: Realm, caller: Client, found: LiveAccessToken): Promise<object> => {
    if (!mayAsk(caller, found.claims.client_id) && !isForCaller(realm, caller, found.claims.aud)) return INACTIVE
    const { sealed_user: _, ...claims } = found.claims
    return {
      active: true,
      token_type: tokenTypeOf(claims.cnf),
      ...claims,
      ...(found.user ? await person(realm, caller, found.user) : {}),
    }
  }

  const refreshToken = async (realm: Realm, caller: Client, token: string): Promise<object> => {
    const family = await realm.store.refreshFamilies.findByToken(sha256(token))
    if (!family || !isLive(family, deps.clock.now()) || !mayAsk(caller, family.clientId)) return INACTIVE
    const [client, user] = await Promise.all([
      realm.findClient(family.clientId),
      realm.store.users.find(family.granted.userId),
    ])
    if (!client?.enabled || !user?.enabled) return INACTIVE
    return {
      active: true,
      iss: realm.issuer,
      ...(await person(realm, caller, user)),
      client_id: family.clientId,
      scope: joinScope(family.granted.scopes),
      // RFC 9396 §9.2
      ...(family.granted.authorizationDetails && { authorization_details: family.granted.authorizationDetails }),
      iat: toSeconds(family.rotatedAt),
      exp: toSeconds(Math.min(family.idleExpiresAt, family.expiresAt)),
    }
  }

  const answer = async (realm: Realm, caller: Client, token: string): Promise<object> => {
    const found = await deps.findAccessToken(realm, token, 'any')
    if (found) return await accessToken(realm, caller, found)
    // RFC 7662 §2.1 – a token_type_hint may be ignored: the form tells which tokens can be refresh tokens.
    return token.includes('.') ? INACTIVE : await refreshToken(realm, caller, token)
  }

  return {
    at: 'realm',
    method: 'POST',
    path: PATH,
    errors: 'json',
    cors: 'none',
    async handle(request, reply, realm) {
      const asked = clientAuthRequest(request, realm, PATH)
      const caller = await deps.authenticateClient(realm, asked)
      request.clientId = caller.clientId
      // RFC 7662 §2.1 – against scanning for tokens: a client that anybody can claim to be may not ask.
      if (!isConfidential(caller)) throw invalidClient('a public client asked about a token')
      const token = asked.parameters.get('token')
      if (token === undefined) throw new OAuthError('invalid_request', 'The token is missing')
      reply.header('cache-control', 'no-store')
      const told = await answer(realm, caller, token)
      reply.header('vary', 'accept')
      // RFC 9701 §4
      if (!accepts(request, INTROSPECTION_JWT)) return told
      return reply.type(`application/${INTROSPECTION_JWT}`).send(await sign(realm, caller, told))
    },
  }
}
