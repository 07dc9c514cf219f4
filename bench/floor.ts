/**
 * The floor: what Node and fastify cost when a token endpoint does nothing. One form POST parsed, one ES256 signature in the
 * cheapest form of the running Node, one JSON answer, over the same TLS. Arguments: port, key, certificate, size of /document.
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'node:querystring'
import { fastify } from 'fastify'

const [port, keyPath, certificatePath, documentBytes] = process.argv.slice(2)

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const key = createPrivateKey(privateKey)
const header = base64url({ alg: 'ES256', typ: 'at+jwt', kid: 'floor' })

/** A P1363 signature is what a JWS needs; on Node 26 it costs no more than DER. */
const accessToken = (clientId: unknown): string => {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://localhost',
    sub: clientId,
    client_id: clientId,
    iat: now,
    exp: now + 900,
    scope: 'api',
  }
  const input = `${header}.${base64url(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const app = fastify({
  https: {
    key: readFileSync(keyPath ?? '', 'utf8'),
    cert: readFileSync(certificatePath ?? '', 'utf8'),
    minVersion: 'TLSv1.3',
  },
})
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
  done(null, parse(String(body)))
})
app.post('/token', (request, reply) => {
  const { client_id } = request.body as { client_id?: string }
  reply.header('cache-control', 'no-store')
  return { access_token: accessToken(client_id), token_type: 'Bearer', expires_in: 900, scope: 'api' }
})

const document = JSON.stringify({ padding: 'x'.repeat(Math.max(0, Number(documentBytes ?? 0) - 14)) })
app.get('/document', (_request, reply) => reply.type('application/json').send(document))

await app.listen({ host: '127.0.0.1', port: Number(port) })
