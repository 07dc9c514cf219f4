/** oauth4webapi against a test server: each message made, and each answer judged, by a library that takes nothing for granted. */
import * as oauth from 'oauth4webapi'
import type { RequestOptions } from './client.ts'
import type { Person, TestClient } from './oauth.ts'
import { fetchFrom } from './openid_client.ts'
import type { TestServer } from './server.ts'

type SigningKey = { key: CryptoKey; kid: string }

export type PartyParams = {
  server: TestServer
  issuer?: string
  registered: TestClient
  authentication: oauth.ClientAuth
  metadata?: Partial<oauth.Client>
  certificate?: RequestOptions['certificate']
  /** RFC 9449 – for a client that binds its tokens. */
  proofKeys?: oauth.CryptoKeyPair
  /** RFC 9126 – for a client that pushes its requests. */
  pushes?: true
  /** RFC 9101 – for a client that signs its requests. */
  requestKey?: SigningKey
}

export const openParty = async (params: PartyParams) => {
  const { server, registered, authentication, proofKeys, requestKey } = params
  const http = { [oauth.customFetch]: fetchFrom(server, params.certificate) }
  const issuer = new URL(params.issuer ?? server.issuer)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
  const client: oauth.Client = { client_id: registered.client_id, ...params.metadata }
  const DPoP = proofKeys && oauth.DPoP(client, proofKeys)
  const options = { ...http, ...(DPoP && { DPoP }) }
  const redirectUri = registered.redirect_uris[0] ?? ''

  /** RFC 9449 §8 – a first answer may only bring the nonce; `nonces` counts those that did. */
  let nonces = 0
  const ask = async <T>(request: () => Promise<T>): Promise<T> => {
    try {
      return await request()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      nonces++
      return await request()
    }
  }

  const push = (parameters: Record<string, string>) =>
    ask(async () => {
      const response = await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, options)
      return await oauth.processPushedAuthorizationResponse(as, client, response)
    })

  const sign = async (parameters: Record<string, string>, key: SigningKey) => ({
    request: await oauth.issueRequestObject(as, client, parameters, key),
  })

  const urlFor = async (parameters: Record<string, string>): Promise<string> => {
    const message = requestKey ? await sign(parameters, requestKey) : parameters
    const shown = params.pushes ? { request_uri: (await push(message)).request_uri } : message
    return `${as.authorization_endpoint}?${new URLSearchParams({ ...shown, client_id: client.client_id })}`
  }

  const redeem = (callback: URLSearchParams, verifier: string, nonce: string) =>
    ask(async () => {
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        client,
        authentication,
        callback,
        redirectUri,
        verifier,
        options,
      )
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(as, response, http)
      return tokens
    })

  return {
    as,
    nonces: (): number => nonces,

    /** A whole code flow with PKCE; `response_mode=jwt` is judged as JARM asks for. */
    signIn: async (person: Person, scope: string, extra: Record<string, string> = {}) => {
      const verifier = oauth.generateRandomCodeVerifier()
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
      const url = await urlFor({
        client_id: client.client_id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...extra,
      })
      const response = await server.oauth.visit(server.browser(), registered, url, person)
      if (!('parameters' in response)) throw new Error(`no authorization response: ${response.status} ${response.body}`)
      const { parameters } = response
      const callback =
        extra.response_mode === 'jwt'
          ? await oauth.validateJwtAuthResponse(as, client, parameters, state, http)
          : oauth.validateAuthResponse(as, client, parameters, state)
      const tokens = await redeem(callback, verifier, nonce)
      const claims = oauth.getValidatedIdTokenClaims(tokens)
      if (!claims) throw new Error('no ID token')
      return { ...tokens, claims }
    },

    clientCredentials: () =>
      ask(async () => {
        const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, {}, options)
        return await oauth.processClientCredentialsResponse(as, client, response)
      }),

    userInfo: (accessToken: string, subject: string) =>
      ask(async () => {
        const response = await oauth.userInfoRequest(as, client, accessToken, options)
        return await oauth.processUserInfoResponse(as, client, subject, response)
      }),

    refresh: (refreshToken: string) =>
      ask(async () => {
        const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken, options)
        return await oauth.processRefreshTokenResponse(as, client, response)
      }),

    introspect: async (token: string) => {
      const response = await oauth.introspectionRequest(as, client, authentication, token, http)
      return await oauth.processIntrospectionResponse(as, client, response)
    },

    revoke: async (token: string): Promise<void> =>
      await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, token, http)),

    /** RFC 9068 §4 – what a resource server makes of a call by this client: its claims, or an error. */
    call: async (accessToken: string) => {
      let received: Request | undefined
      const url = new URL('https://api.example/orders')
      await oauth.protectedResourceRequest(accessToken, 'GET', url, undefined, undefined, {
        ...(DPoP && { DPoP }),
        [oauth.customFetch]: async (to, { headers }) => {
          received = new Request(to, { headers })
          return new Response()
        },
      })
      if (!received) throw new Error('nothing was sent')
      return await oauth.validateJwtAccessToken(as, received, as.issuer, { ...http, requireDPoP: DPoP !== undefined })
    },
  }
}

export type Party = Awaited<ReturnType<typeof openParty>>
