/**
 * An identity provider of the tests: a real server with a key set, tokens, and the two endpoints of a code flow. Everything
 * it does can be made wrong.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SigningAlg } from '../../src/oauth/signing_algs.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { systemRandom } from '../../src/system/random.ts'
import { createKey, publicJwkOf, signAny } from './tokens.ts'

type Claims = Record<string, unknown>

/** Undefined members are as they should be. */
export type Behaviour = {
  /** Instead of the key set. */
  jwks?: RequestListener
  /** What the person's visit leads to: the parameters of the answer. */
  answer?: (fields: Record<string, string>, asked: URLSearchParams) => Record<string, string>
  /** The claims of the ID token. */
  idToken?: (claims: Claims) => Claims
  /** Instead of the token endpoint. */
  token?: RequestListener
}

type Key = ReturnType<typeof createKey> & { alg: SigningAlg; kid: string }

const makeKey = (alg: SigningAlg): Key => ({ ...createKey(alg), alg, kid: systemRandom.id() })

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const sendJson = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

type Options = { tls?: { key: string; cert: string }; clientId?: string; clientSecret?: string; host?: string }

export const startIdentityProvider = async (options: Options = {}) => {
  const { clientId = 'our-client', clientSecret, host = '127.0.0.1' } = options
  let keys = [makeKey('ES256')]
  let behaviour: Behaviour = {}
  let person = 'alice'
  const counts = { jwks: 0, authorize: 0, token: 0 }
  const codes = new Map<string, URLSearchParams>()
  /** What came to /authorize and /token, and with which Authorization header. */
  const asked: URLSearchParams[] = []
  const redeemed: { form: URLSearchParams; authorization: string | undefined }[] = []

  const sign = (claims: Claims, header: Record<string, unknown> = {}): string => {
    const key = keys.at(-1) as Key
    return signAny(key.alg, key.privateKey, { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }, claims)
  }

  const now = (): number => Math.floor(Date.now() / 1000)

  const token = (claims: Claims = {}, header: Record<string, unknown> = {}): string =>
    sign({ iss: issuer, sub: person, aud: clientId, iat: now(), exp: now() + 300, ...claims }, header)

  const keySet = () => ({ keys: keys.map((key) => publicJwkOf(key, { kid: key.kid, use: 'sig' })) })

  const sendKeys: RequestListener = (_request, response) => sendJson(response, 200, keySet())

  const authorize: RequestListener = (request, response) => {
    const parameters = new URL(request.url ?? '', issuer).searchParams
    asked.push(parameters)
    const code = systemRandom.secret()
    codes.set(code, parameters)
    const fields = { code, state: parameters.get('state') ?? '', iss: issuer }
    const answer = behaviour.answer?.(fields, parameters) ?? fields
    const location = new URL(parameters.get('redirect_uri') ?? issuer)
    for (const [name, value] of Object.entries(answer)) location.searchParams.set(name, value)
    response.writeHead(303, { location: location.href }).end()
  }

  const isClient = (form: URLSearchParams, authorization: string | undefined): boolean => {
    if (clientSecret === undefined) return form.get('client_id') === clientId
    if (authorization === undefined)
      return form.get('client_id') === clientId && form.get('client_secret') === clientSecret
    const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
    const expected = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')
    return authorization === `Basic ${expected}` && !form.has('client_secret')
  }

  const redeem = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readBody(request))
    const { authorization } = request.headers
    redeemed.push({ form, authorization })
    if (!isClient(form, authorization)) return sendJson(response, 401, { error: 'invalid_client' })
    const parameters = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const isRight =
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === parameters?.get('redirect_uri') &&
      sha256(form.get('code_verifier') ?? '') === parameters?.get('code_challenge') &&
      parameters.get('code_challenge_method') === 'S256'
    if (!isRight) return sendJson(response, 400, { error: 'invalid_grant' })
    const claims = { iss: issuer, sub: person, aud: clientId, iat: now(), exp: now() + 300, auth_time: now() }
    const id_token = sign((behaviour.idToken ?? ((same) => same))({ ...claims, nonce: parameters.get('nonce') }))
    sendJson(response, 200, { access_token: 'opaque', token_type: 'Bearer', id_token })
  }

  const listener: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    if (pathname === '/jwks') {
      counts.jwks += 1
      return (behaviour.jwks ?? sendKeys)(request, response)
    }
    if (pathname === '/authorize') {
      counts.authorize += 1
      return authorize(request, response)
    }
    if (pathname === '/token' && request.method === 'POST') {
      counts.token += 1
      return behaviour.token ? behaviour.token(request, response) : void redeem(request, response)
    }
    response.writeHead(404).end()
  }

  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener)
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = options.tls ? `https://localhost:${port}` : `http://${host === '::1' ? '[::1]' : host}:${port}`

  return {
    issuer,
    port,
    counts,
    asked,
    redeemed,
    token,
    sign,
    keySet,
    /** For idp_params. */
    provider: { jwt_issuer_uri: issuer, jwks_uri: `${issuer}/jwks` },
    /** And for a button on the login page. */
    upstream: {
      jwt_issuer_uri: issuer,
      jwks_uri: `${issuer}/jwks`,
      client_id: clientId,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
    },
    behave(changes: Behaviour): void {
      behaviour = changes
    },
    /** Who signs in there from now on. */
    be(subject: string): void {
      person = subject
    },
    /** A new key signs; the old ones stay in the set, or go. */
    rotate(alg: SigningAlg = 'ES256', { keep = false } = {}): void {
      keys = [...(keep ? keys : []), makeKey(alg)]
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>
