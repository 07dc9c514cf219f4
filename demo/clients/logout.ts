/**
 * OpenID Connect Back-Channel Logout 1.0 and Front-Channel Logout 1.0 – applications that learn of each other's sign-out:
 * node demo/clients/logout.ts ISSUER CLIENT_ID=ORIGIN…, each a public client; it ends when all were told in both ways.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as openid from 'openid-client'

const [issuer = '', ...applications] = process.argv.slice(2)

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Back-Channel Logout §2.6 – what a logout token has to be before anybody is signed out by it. */
const readLogoutToken = async (config: openid.Configuration, token: string) => {
  const { jwks_uri = '' } = config.serverMetadata()
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer: config.serverMetadata().issuer,
    audience: config.clientMetadata().client_id,
    typ: 'logout+jwt',
  })
  const { events, nonce } = payload as { events?: Record<string, unknown>; nonce?: string }
  if (!events?.[EVENT] || nonce !== undefined) throw new Error('not a logout token')
  return payload
}

/** The browser is back at the application that signed out. */
const returned = Promise.withResolvers<void>()

const startApplication = async (clientId: string, origin: string) => {
  const config = await openid.discovery(new URL(issuer), clientId, undefined, openid.None())
  const redirect_uri = `${origin}/callback`
  let checks = { pkceCodeVerifier: '', expectedState: '', idTokenExpected: true }
  /** A demonstration has one person. */
  let signedIn: { sid: string; idToken: string } | undefined
  const [backChannel, frontChannel] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]

  const pages: Record<string, (request: IncomingMessage, response: ServerResponse, url: URL) => unknown> = {
    'GET /': async (_request, response) => {
      checks = {
        pkceCodeVerifier: openid.randomPKCECodeVerifier(),
        expectedState: openid.randomState(),
        idTokenExpected: true,
      }
      const { href } = openid.buildAuthorizationUrl(config, {
        redirect_uri,
        scope: 'openid',
        state: checks.expectedState,
        code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      response.writeHead(302, { location: href }).end()
    },
    'GET /callback': async (_request, response, url) => {
      const tokens = await openid.authorizationCodeGrant(config, url, checks)
      signedIn = { sid: `${tokens.claims()?.sid}`, idToken: tokens.id_token ?? '' }
      console.log(`${clientId}  signed in, session ${signedIn.sid}`)
      response.end(`signed in; ${origin}/sign-out signs out\n`)
    },
    'GET /sign-out': (_request, response) => {
      const parameters = { id_token_hint: signedIn?.idToken ?? '', post_logout_redirect_uri: `${origin}/signed-out` }
      response.writeHead(302, { location: openid.buildEndSessionUrl(config, parameters).href }).end()
    },
    'GET /signed-out': (_request, response) => response.end('signed out\n', () => returned.resolve()),
    'POST /backchannel': async (request, response) => {
      const { sid } = await readLogoutToken(config, new URLSearchParams(await text(request)).get('logout_token') ?? '')
      if (sid !== signedIn?.sid) throw new Error('another session')
      console.log(`${clientId}  told by the server that session ${sid} is over`)
      response.setHeader('cache-control', 'no-store').end()
      backChannel.resolve()
    },
    'GET /frontchannel': (_request, response, { searchParams }) => {
      const [iss, sid] = [searchParams.get('iss'), searchParams.get('sid')]
      if (iss !== config.serverMetadata().issuer || sid !== signedIn?.sid) throw new Error('another session')
      console.log(`${clientId}  told by the browser that session ${sid} is over`)
      response.setHeader('cache-control', 'no-store').end('signed out')
      frontChannel.resolve()
    },
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', origin)
    try {
      const page = pages[`${request.method} ${url.pathname}`]
      if (page) await page(request, response, url)
      else response.writeHead(404).end()
    } catch (error) {
      console.log(`${clientId}  ${url.pathname}: ${error}`)
      response.writeHead(400).end()
    }
  })
  server.listen(Number(new URL(origin).port), '127.0.0.1')
  await once(server, 'listening')
  console.log(`open  ${origin}/`)
  return { told: Promise.all([backChannel.promise, frontChannel.promise]), close: () => server.close() }
}

console.log()
const started = []
for (const application of applications) {
  const [clientId = '', origin = ''] = application.split('=')
  started.push(await startApplication(clientId, origin))
}
console.log(`then  ${applications[0]?.split('=')[1]}/sign-out`)
await Promise.all([returned.promise, ...started.map(({ told }) => told)])
for (const { close } of started) close()
