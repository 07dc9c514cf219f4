/**
 * A protected resource of somebody else (RFC 6750 §1.3, steps E and F): it knows the server by its metadata alone, verifies
 * access tokens by the published keys and by introspection, and the key that a token is bound to by itself, with jose.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, type JSONWebKeySet, jwtVerify } from 'jose'
import { clientBasic, send, type Target } from './client.ts'
import type { TestClient } from './oauth.ts'
import { testCertificates } from './server.ts'

type Confirmation = { jkt?: string; 'x5t#S256'?: string }

const PROOF_ALGS = ['ES256', 'PS256', 'EdDSA']
const MAX_AGE_SECONDS = 60

const sha256 = (octets: string | Buffer): string => createHash('sha256').update(octets).digest('base64url')

const requireThat = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what)
}

const headersNamed = ({ rawHeaders }: IncomingMessage, name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)

/** `caller`: as which client the resource asks about tokens. */
export const startProtectedResource = async (target: Target, caller: TestClient) => {
  const metadata = (await send(target, 'GET', '/.well-known/oauth-authorization-server')).json<Record<string, string>>()
  const seen = new Set<string>()

  /** RFC 9449 §4.3, in the order of its checks. */
  const verifyProof = async (request: IncomingMessage, url: string, token: string, jkt: string): Promise<void> => {
    const [proof = '', ...others] = headersNamed(request, 'dpop')
    requireThat(proof !== '' && others.length === 0, 'one proof')
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: PROOF_ALGS,
      requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: 10,
    })
    requireThat(protectedHeader.jwk !== undefined && !('d' in protectedHeader.jwk), 'a public key')
    requireThat(payload.htm === request.method, 'htm')
    const { origin, pathname } = new URL(String(payload.htu))
    requireThat(`${origin}${pathname}` === url, 'htu')
    requireThat(payload.ath === sha256(token), 'ath')
    requireThat((await calculateJwkThumbprint(protectedHeader.jwk ?? {})) === jkt, 'the key of the token')
    requireThat(!seen.has(String(payload.jti)), 'a fresh jti')
    seen.add(String(payload.jti))
  }

  const verifyToken = async (token: string): Promise<Confirmation> => {
    const jwks = (await send(target, 'GET', metadata.jwks_uri ?? '')).json<JSONWebKeySet>()
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: metadata.issuer ?? '',
      typ: 'at+jwt',
    })
    const authorization = clientBasic(caller.client_id, caller.client_secret ?? '')
    const asked = { form: { token }, headers: { authorization } }
    const told = (await send(target, 'POST', metadata.introspection_endpoint ?? '', asked)).json()
    requireThat(told.active === true, 'an active token')
    const cnf = JSON.stringify(payload.cnf ?? {})
    requireThat(JSON.stringify(told.cnf ?? {}) === cnf, 'the same cnf in the token and in introspection')
    return JSON.parse(cnf) as Confirmation
  }

  const serve = async (request: IncomingMessage, url: string): Promise<void> => {
    const [, scheme = '', token = ''] = /^(\S+) +(\S+)$/.exec(request.headers.authorization ?? '') ?? []
    const { jkt, 'x5t#S256': x5t } = await verifyToken(token)
    // RFC 9449 §7.2 – neither way round.
    requireThat(scheme.toLowerCase() === (jkt === undefined ? 'bearer' : 'dpop'), 'the scheme')
    if (jkt !== undefined) await verifyProof(request, url, token, jkt)
    // RFC 8705 §3
    const { raw } = (request.socket as TLSSocket).getPeerCertificate()
    if (x5t !== undefined) requireThat(raw !== undefined && sha256(raw) === x5t, 'the certificate')
  }

  const pem = await testCertificates()
  const server = createServer(
    {
      key: readFileSync(pem.key),
      cert: readFileSync(pem.certificate),
      requestCert: true,
      // RFC 8705 §3 – the key counts, whoever has issued the certificate.
      rejectUnauthorized: false,
    },
    (request, response) => {
      serve(request, `${origin}/resource`).then(
        () => response.end('{"ok":true}'),
        (error: Error) => response.writeHead(401, { 'www-authenticate': 'DPoP' }).end(JSON.stringify(error.message)),
      )
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`

  return {
    url: `${origin}/resource`,
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
