/** openid-client, the certified relying party, against a test server: its own idea of the protocol is the oracle. */
import * as client from 'openid-client'
import { type Browser, type RequestOptions, send, type Target } from './client.ts'
import type { Oauth, Person, TestClient } from './oauth.ts'

/** `fetch` that trusts the test authority, and shows a certificate where there is one. */
export const fetchFrom =
  (target: Target, certificate?: RequestOptions['certificate']): client.CustomFetch =>
  async (url, options) => {
    const { body } = options
    const answer = await send(target, options.method, url, {
      ...(certificate && { certificate }),
      headers: {
        ...Object.fromEntries(new Headers(options.headers)),
        ...(body instanceof URLSearchParams ? { 'content-type': FORM } : {}),
      },
      ...(body ? { body: String(body) } : {}),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of [value ?? []].flat()) headers.append(name, one)
    }
    return new Response(NO_BODY.has(answer.status) ? null : answer.body, { status: answer.status, headers })
  }

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'
const NO_BODY = new Set([204, 304])

type Party = {
  target: Target
  issuer: string
  registered: TestClient
  authentication: client.ClientAuth
  metadata?: Partial<client.ClientMetadata>
  algorithm?: 'oidc' | 'oauth2'
}

export const discover = ({ target, issuer, registered, authentication, metadata, algorithm }: Party) =>
  client.discovery(
    new URL(issuer),
    registered.client_id,
    { redirect_uris: registered.redirect_uris, ...metadata },
    authentication,
    { [client.customFetch]: fetchFrom(target), algorithm: algorithm ?? 'oidc' },
  )

export type Flow = {
  configuration: client.Configuration
  registered: TestClient
  oauth: Oauth
  browser: Browser
  person: Person
  scope: string
  pushed?: boolean
  /** RFC 9449 – for a client that binds its tokens. */
  dpop?: client.DPoPHandle
}

/** A whole code flow, in which openid-client makes the request and judges every answer. */
export const signInWith = async ({ configuration, registered, oauth, browser, person, scope, pushed, dpop }: Flow) => {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = client.randomNonce()
  const parameters = {
    redirect_uri: registered.redirect_uris[0] ?? '',
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(configuration, parameters, { DPoP: dpop })
    : client.buildAuthorizationUrl(configuration, parameters)
  const response = await oauth.visit(browser, registered, url.href, person)
  if (!('parameters' in response)) throw new Error(`no authorization response: ${response.status} ${response.body}`)
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  }
  return await client.authorizationCodeGrant(configuration, new URL(response.location), checks, {}, { DPoP: dpop })
}
