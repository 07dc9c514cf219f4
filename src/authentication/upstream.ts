/**
 * OpenID Connect Core §3.1 – this server as a client of an identity provider: the person is sent there with PKCE, state and
 * nonce, and comes back with a code for an ID token. Nonce and verifier are made from the state and the browser's own
 * secret: nobody can go on who has not both, and neither is stored anywhere (T-SE-14).
 */
import { createSealing, type SealingDeps } from '../keys/sealing.ts'
import type { AuthorizationRequest } from '../oauth/authorization_request.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { isUpstreamProvider, type UpstreamProvider } from '../oauth/realm_settings.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { UpstreamRequest } from '../storage/upstream_requests.ts'
import type { Clock } from '../system/clock.ts'
import { hmacSha256, sha256 } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import { type Outbound, OutboundError } from '../system/outbound.ts'
import type { Random } from '../system/random.ts'
import type { Freshness, JwtIdpAuthentication } from './jwt_idp.ts'
import type { LoginFlow, LoginOutcome } from './login.ts'
import { openSecret } from './upstream_secret.ts'

export type UpstreamDeps = SealingDeps & {
  jwtIdps: Pick<JwtIdpAuthentication, 'proveUpstream'>
  loginFlow: Pick<LoginFlow, 'proceed'>
  outbound: Pick<Outbound, 'postForm'>
  clock: Clock
  random: Random
  log: Pick<Log, 'warn'>
}

/** What the client asked of this sign-in. */
export type AskedOfPerson = Pick<AuthorizationRequest, 'prompts' | 'maxAge'>

/** The sign-in in the browser that it belongs to. */
export type InBrowser = { browserSecret: string; asked: AskedOfPerson }

/** `cancelled`: by the person. `no_account`: who it is was proved, and nobody here. `failed`: everything else. */
export type UpstreamAnswer =
  | { answer: 'proved'; login: Exclude<LoginOutcome, { outcome: 'failed' }> }
  | { answer: 'cancelled' | 'no_account' | 'failed'; provider: UpstreamProvider | undefined }

/** Of a token that is right. */
const NO_ACCOUNT = new Set(['unknown_user', 'disabled'])

const LIFETIME_MS = 600_000
const TOKEN_LIMITS = { maxBytes: 65_536, timeoutMs: 5_000 }
const DEFAULT_SCOPE = 'openid'
const STATE = /^[A-Za-z0-9_-]{43}$/

export const upstreamProvidersOf = (realm: Realm): UpstreamProvider[] =>
  (realm.settings.auth_params.jwt_params?.idp_params ?? []).filter(isUpstreamProvider)

export const upstreamNameOf = (provider: UpstreamProvider): string =>
  provider.name ?? new URL(provider.jwt_issuer_uri).host

/** What the login page offers. */
export const upstreamButtonsOf = (realm: Realm): { issuer: string; name: string }[] =>
  upstreamProvidersOf(realm).map((provider) => ({ issuer: provider.jwt_issuer_uri, name: upstreamNameOf(provider) }))

/** Where its form may lead, beside https. */
export const upstreamOriginsOf = (realm: Realm): string[] =>
  upstreamProvidersOf(realm)
    .map((provider) => new URL(provider.authorization_endpoint).origin)
    .filter((origin) => !origin.startsWith('https:'))

const redirectUriOf = (realm: Realm): string => `${realm.issuer}/upstream/callback`

const nonceOf = (browserSecret: string, state: string): string =>
  hmacSha256(browserSecret, JSON.stringify(['upstream nonce', state]))

const verifierOf = (browserSecret: string, state: string): string =>
  hmacSha256(browserSecret, JSON.stringify(['upstream verifier', state]))

const authorizationUrl = (
  realm: Realm,
  provider: UpstreamProvider,
  state: string,
  { browserSecret, asked }: InBrowser,
): string => {
  const url = new URL(provider.authorization_endpoint)
  const parameters = {
    response_type: 'code',
    client_id: provider.client_id,
    redirect_uri: redirectUriOf(realm),
    scope: provider.scope ?? DEFAULT_SCOPE,
    state,
    nonce: nonceOf(browserSecret, state),
    code_challenge: sha256(verifierOf(browserSecret, state)),
    code_challenge_method: 'S256',
    // Core §3.1.2.1 – what the client asks of the person is asked there too, where the person is.
    ...(asked.prompts.includes('login') ? { prompt: 'login' } : {}),
    ...(asked.maxAge === undefined ? {} : { max_age: String(asked.maxAge) }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

const freshnessOf = (
  { prompts, maxAge }: AskedOfPerson,
  request: UpstreamRequest,
  now: number,
): Freshness | undefined => {
  // Core §3.1.2.1 – an answer to max_age has an auth_time; one to prompt=login need not.
  if (maxAge !== undefined) return { since: now - maxAge * 1000, evidence: 'required' }
  return prompts.includes('login') ? { since: request.createdAt, evidence: 'if_given' } : undefined
}

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

/** RFC 6749 §2.3.1 – both parts are form-encoded before they are joined. */
const basicOf = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')}`

const authenticated = (provider: UpstreamProvider, secret: string | undefined, fields: Record<string, string>) => {
  const { client_id } = provider
  if (secret === undefined) return { fields: { ...fields, client_id } }
  if (provider.token_endpoint_auth_method === 'client_secret_post')
    return { fields: { ...fields, client_id, client_secret: secret } }
  return { fields, authorization: basicOf(client_id, secret) }
}

/** The code, or what there is instead of one. */
const readResponse = (
  { jwt_issuer_uri }: UpstreamProvider,
  response: Parameters,
): { code: string } | { answer: 'cancelled' | 'failed' } => {
  const iss = response.get('iss')
  // RFC 9207 §2.4 – an answer of somebody else is not looked into.
  if (iss !== undefined && iss !== jwt_issuer_uri) return { answer: 'failed' }
  const error = response.get('error')
  if (error !== undefined) return { answer: error === 'access_denied' ? 'cancelled' : 'failed' }
  const code = response.get('code')
  return code === undefined ? { answer: 'failed' } : { code }
}

export const createUpstream = (deps: UpstreamDeps) => {
  const { jwtIdps, loginFlow, outbound, clock, random, log } = deps
  const sealing = createSealing(deps)

  /** Undefined when the provider gave none. */
  const redeem = async (
    realm: Realm,
    provider: UpstreamProvider,
    code: string,
    verifier: string,
  ): Promise<string | undefined> => {
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUriOf(realm),
      code_verifier: verifier,
    }
    const secret = openSecret(sealing, realm.id, provider)
    try {
      const content = authenticated(provider, secret, fields)
      const answer = await outbound.postForm(provider.token_endpoint, content, TOKEN_LIMITS)
      const token = (answer as { id_token?: unknown } | null)?.id_token
      if (typeof token === 'string') return token
      throw new OutboundError(new Error('the answer has no id_token'))
    } catch (err) {
      if (!(err instanceof OutboundError)) throw err
      log.warn({ err, realm: realm.id, issuer: provider.jwt_issuer_uri }, 'a code could not be redeemed upstream')
      return undefined
    }
  }

  return {
    /** Where the browser has to go. A sign-in that began earlier in the same interaction is over. */
    async begin(realm: Realm, interactionId: string, provider: UpstreamProvider, here: InBrowser): Promise<string> {
      const state = random.secret()
      const now = clock.now()
      await realm.store.upstreamRequests.replace({
        stateHash: sha256(state),
        interactionId,
        issuer: provider.jwt_issuer_uri,
        createdAt: now,
        expiresAt: now + LIFETIME_MS,
      })
      return authorizationUrl(realm, provider, state, here)
    },

    /** The request that the state belongs to; undefined when it is unknown, answered or over. */
    async find(realm: Realm, state: string | undefined): Promise<UpstreamRequest | undefined> {
      if (state === undefined || !STATE.test(state)) return undefined
      return await realm.store.upstreamRequests.find(sha256(state), clock.now())
    },

    /** True for exactly one caller: the one that may go on to `finish`. */
    consume: (realm: Realm, request: UpstreamRequest): Promise<boolean> =>
      realm.store.upstreamRequests.consume(request.stateHash, clock.now()),

    /** Throws temporarily_unavailable while the provider's keys are unknown. */
    async finish(
      realm: Realm,
      request: UpstreamRequest,
      response: Parameters,
      { browserSecret, asked }: InBrowser,
      facts: RequestFacts,
    ): Promise<UpstreamAnswer> {
      const provider = upstreamProvidersOf(realm).find((known) => known.jwt_issuer_uri === request.issuer)
      if (!provider) return { answer: 'failed', provider }
      const read = readResponse(provider, response)
      if ('answer' in read) return { ...read, provider }
      const { code } = read
      const state = response.get('state') ?? ''
      const token = await redeem(realm, provider, code, verifierOf(browserSecret, state))
      if (token === undefined) return { answer: 'failed', provider }
      const proof = await jwtIdps.proveUpstream(realm, {
        token,
        issuer: provider.jwt_issuer_uri,
        clientId: provider.client_id,
        nonce: nonceOf(browserSecret, state),
        freshness: freshnessOf(asked, request, clock.now()),
      })
      const login = await loginFlow.proceed(realm, { scheme: 'jwt', proof }, facts)
      if (login.outcome !== 'failed') return { answer: 'proved', login }
      const hasNoAccount = !proof.isProved && NO_ACCOUNT.has(proof.reason)
      return { answer: hasNoAccount ? 'no_account' : 'failed', provider }
    },
  }
}

export type Upstream = ReturnType<typeof createUpstream>
