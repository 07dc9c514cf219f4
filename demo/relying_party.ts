/** An application whose people sign in at the server: the code flow with PKCE as a relying party of today runs it, by openid-client. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import { failurePage, signedInPage, signedOutPage } from './relying_party_pages.ts'

export type RelyingPartyParams = {
  issuer: string
  clientId: string
  clientSecret: string
  /** 0 takes a free one. */
  port: number
  fetch?: openid.CustomFetch
}

type TokenResponse = Awaited<ReturnType<typeof openid.authorizationCodeGrant>>

/** Somebody signed in, from the newest answers: an ID token comes with the code and perhaps with a refresh. */
type SignedIn = {
  claims: openid.IDToken
  idToken: string | undefined
  accessToken: string
  refreshToken: string | undefined
  scope: string | undefined
  expiresIn: number | undefined
}

/** What the application keeps of one browser. */
type Visit = {
  /** Set between the way to the server and the way back. */
  checks?: { pkceCodeVerifier: string; expectedState: string; expectedNonce: string }
  signedIn?: SignedIn
  result?: { title: string; value: unknown }
}

type Handled = { html: string; status?: number } | { location: string }

const COOKIE = 'relying_party'
const SCOPE = 'openid profile email offline_access'
const ID_TOKEN_ALG = 'ES256'

/** RFC 7591 §2 – what an administrator registers for the application at this origin. */
export const clientMetadata = (origin: string) => ({
  client_name: 'Demo application',
  // A web application would have an https address; this one has a loopback port (RFC 8252 §7.3).
  application_type: 'native',
  redirect_uris: [`${origin}/callback`],
  post_logout_redirect_uris: [`${origin}/`],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: SCOPE,
  token_endpoint_auth_method: 'client_secret_basic',
  id_token_signed_response_alg: ID_TOKEN_ALG,
})

const createVisits = () => {
  const visits = new Map<string, Visit>()
  return (request: IncomingMessage, response: ServerResponse): Visit => {
    const id = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
    const known = id === undefined ? undefined : visits.get(id)
    if (known) return known
    const visit: Visit = {}
    const newId = openid.randomState()
    visits.set(newId, visit)
    response.setHeader('set-cookie', `${COOKIE}=${newId}; HttpOnly; SameSite=Lax; Path=/`)
    return visit
  }
}

const startSignIn = async (config: openid.Configuration, origin: string, visit: Visit): Promise<Handled> => {
  visit.checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  }
  const location = openid.buildAuthorizationUrl(config, {
    redirect_uri: `${origin}/callback`,
    scope: SCOPE,
    state: visit.checks.expectedState,
    nonce: visit.checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(visit.checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  return { location: location.href }
}

const toSignedIn = (tokens: TokenResponse, before: SignedIn | undefined): SignedIn => {
  const claims = tokens.claims() ?? before?.claims
  if (!claims) throw new Error('the server sent no ID token')
  return {
    claims,
    idToken: tokens.id_token ?? before?.idToken,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? before?.refreshToken,
    scope: tokens.scope,
    expiresIn: tokens.expires_in,
  }
}

const finishSignIn = async (config: openid.Configuration, url: URL, visit: Visit): Promise<Handled> => {
  const { checks } = visit
  delete visit.checks
  if (!checks) return { location: '/' }
  const tokens = await openid.authorizationCodeGrant(config, url, { ...checks, idTokenExpected: true })
  visit.signedIn = toSignedIn(tokens, undefined)
  return { location: '/' }
}

const show = async (config: openid.Configuration, { signedIn, result }: Visit): Promise<Handled> => {
  if (!signedIn) return { html: signedOutPage() }
  const userInfo = await openid.fetchUserInfo(config, signedIn.accessToken, signedIn.claims.sub)
  return { html: signedInPage({ ...signedIn, userInfo, result }) }
}

const refresh = async (config: openid.Configuration, visit: Visit): Promise<Handled> => {
  const before = visit.signedIn
  if (!before?.refreshToken) return { location: '/' }
  const tokens = await openid.refreshTokenGrant(config, before.refreshToken)
  const after = toSignedIn(tokens, before)
  visit.signedIn = after
  visit.result = {
    title: 'Refreshed',
    value: {
      new_access_token: after.accessToken !== before.accessToken,
      new_refresh_token: after.refreshToken !== before.refreshToken,
      new_id_token: after.idToken !== before.idToken,
      expires_in: after.expiresIn,
    },
  }
  return { location: '/' }
}

const introspect = async (config: openid.Configuration, visit: Visit): Promise<Handled> => {
  if (!visit.signedIn) return { location: '/' }
  visit.result = { title: 'Introspection', value: await openid.tokenIntrospection(config, visit.signedIn.accessToken) }
  return { location: '/' }
}

/** OpenID Connect RP-Initiated Logout 1.0 §2 – here first, then at the server, and back. */
const signOut = (config: openid.Configuration, origin: string, visit: Visit): Handled => {
  const idToken = visit.signedIn?.idToken
  delete visit.signedIn
  delete visit.result
  if (idToken === undefined) return { location: '/' }
  const parameters = { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/` }
  return { location: openid.buildEndSessionUrl(config, parameters).href }
}

const route = async (
  config: openid.Configuration,
  request: IncomingMessage,
  origin: string,
  visit: Visit,
): Promise<Handled> => {
  const url = new URL(request.url ?? '/', origin)
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return await show(config, visit)
    case 'POST /sign-in':
      return await startSignIn(config, origin, visit)
    case 'GET /callback':
      return await finishSignIn(config, url, visit)
    case 'POST /refresh':
      return await refresh(config, visit)
    case 'POST /introspect':
      return await introspect(config, visit)
    case 'POST /sign-out':
      return signOut(config, origin, visit)
    default:
      return { status: 404, html: failurePage('There is nothing at this address.') }
  }
}

const describe = (error: unknown): string => {
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError)
    return `${error.error}: ${error.error_description ?? 'no description'}`
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

// An answer that says no is part of the protocol; everything else is a failure between this application and the server.
const statusOf = (error: unknown): number => (error instanceof openid.AuthorizationResponseError ? 403 : 502)

const answer = (response: ServerResponse, handled: Handled): void => {
  response.setHeader('cache-control', 'no-store')
  if ('location' in handled) response.writeHead(303, { location: handled.location }).end()
  else response.writeHead(handled.status ?? 200, { 'content-type': 'text/html; charset=utf-8' }).end(handled.html)
}

export const startRelyingParty = async (params: RelyingPartyParams) => {
  const metadata = { client_secret: params.clientSecret, id_token_signed_response_alg: ID_TOKEN_ALG }
  const config = await openid.discovery(new URL(params.issuer), params.clientId, metadata, openid.ClientSecretBasic(), {
    ...(params.fetch ? { [openid.customFetch]: params.fetch } : {}),
  })
  const visitOf = createVisits()
  let origin = ''
  const server = createServer((request, response) => {
    route(config, request, origin, visitOf(request, response))
      .catch((error: unknown): Handled => ({ status: statusOf(error), html: failurePage(describe(error)) }))
      .then((handled) => answer(response, handled))
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(params.port, '127.0.0.1', resolve)
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { origin, close }
}
