/** RFC 8252 §7.3 – an application on a person's own machine: it shows a link, and waits at a loopback address for the answer. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as openid from 'openid-client'

type Wish = {
  redirectUri: string
  scope: string
  /** RFC 9449 – binds the tokens. */
  DPoP: openid.DPoPHandle
  /** RFC 9126 – the request goes to the server first. */
  pushes?: true
}

/** The first answer that arrives, and a word to the person. */
const waitFor = async (redirectUri: string): Promise<URL> => {
  const { hostname, port, pathname } = new URL(redirectUri)
  const server = createServer().listen(Number(port), hostname)
  for (;;) {
    const [request, response] = await once(server, 'request')
    const url = new URL(request.url, redirectUri)
    const isAnswer = url.pathname === pathname
    response
      .writeHead(isAnswer ? 200 : 404, { connection: 'close' })
      .end(isAnswer ? 'You can close this window.\n' : '')
    if (!isAnswer) continue
    server.close()
    return url
  }
}

export const signIn = async (config: openid.Configuration, { redirectUri, scope, DPoP, pushes }: Wish) => {
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
    idTokenExpected: true,
  }
  const parameters = {
    redirect_uri: redirectUri,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    // RFC 9449 §10 – the code, too, is of use with this key alone.
    dpop_jkt: await DPoP.calculateThumbprint(),
  }
  const url = pushes
    ? await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : openid.buildAuthorizationUrl(config, parameters)
  const answer = waitFor(redirectUri)
  console.log(`\nopen  ${url.href}`)
  const tokens = await openid.authorizationCodeGrant(config, await answer, checks, undefined, { DPoP })
  const subject = tokens.claims()?.sub ?? ''
  console.log(`token_type  ${tokens.token_type}, bound to key ${parameters.dpop_jkt}`)
  return { ...tokens, subject }
}

/** What the tokens are good for with the key, and without it. */
export const tryTokens = async (
  config: openid.Configuration,
  tokens: Awaited<ReturnType<typeof signIn>>,
  DPoP: openid.DPoPHandle,
): Promise<void> => {
  const { email } = await openid.fetchUserInfo(config, tokens.access_token, tokens.subject, { DPoP })
  console.log(`userinfo with a proof  200 ${email}`)
  const headers = { authorization: `DPoP ${tokens.access_token}` }
  const stolen = await fetch(config.serverMetadata().userinfo_endpoint ?? '', { headers })
  console.log(`userinfo without one  ${stolen.status} ${stolen.headers.get('www-authenticate')}`)
  const { token_type } = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
  console.log(`refreshed  ${token_type}`)
}
