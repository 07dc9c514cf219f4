/**
 * RFC 9449 §4.3 – the proofs that a resource has to refuse, at UserInfo over HTTP/1.1 and HTTP/2, and at a resource of somebody
 * else, which reads our tokens by our metadata alone.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { createProofKey, type ProofKey } from '../../support/dpop.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { createPkce } from '../../support/oauth.ts'
import { startProtectedResource } from '../../support/protected_resource.ts'
import { sendHttp2 } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createKey, encodePart } from '../../support/tokens.ts'

let server: TestServer
let resource: Awaited<ReturnType<typeof startProtectedResource>>
let client: TestClient
let person: Person
let key: ProofKey
let token: string

/** The token is made before the first test of all files. */
const A_LONG_RUN_SECONDS = 7_200

const now = (): number => Math.floor(Date.now() / 1000)

before(async () => {
  server = await startServer()
  person = await server.admin.createUser()
  client = await server.admin.createClient({
    token_endpoint_auth_method: 'none',
    consent: 'skip',
    access_token_ttl_secs: A_LONG_RUN_SECONDS,
  })
  const caller = await server.admin.createClient({
    scope: 'introspect',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })
  resource = await startProtectedResource(server, caller)
  key = createProofKey()
  const { verifier, challenge } = createPkce()
  const parameters = server.oauth.authorizationParameters(client, challenge)
  const code = await server.oauth.obtainCode(server.browser(), client, parameters, person)
  const answer = await server.request('POST', '/token', {
    form: {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code,
      redirect_uri: client.redirect_uris[0] ?? '',
      code_verifier: verifier,
    },
    headers: { dpop: key.prove({ url: server.url('/token'), iat: now() }) },
  })
  token = answer.json<{ access_token: string }>().access_token
})
after(async () => {
  await resource.close()
  await server.close()
})

type Shown = { dpop?: string[]; scheme?: string }
type Send = (url: string, shown: Shown) => Promise<number>

const overHttp1: Send = (url, { dpop = [], scheme = 'DPoP' }) =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `${scheme} ${token}`, ...(dpop.length > 0 ? { dpop } : {}) }
    const outgoing = httpsRequest(url, { ca: server.ca, agent: false, headers }, (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode ?? 0)
    })
    outgoing.once('error', reject).end()
  })

const overHttp2: Send = async (url, { dpop = [], scheme = 'DPoP' }) => {
  const headers = { ':path': new URL(url).pathname, authorization: `${scheme} ${token}` }
  return (await sendHttp2(server, { ...headers, ...(dpop.length > 0 ? { dpop } : {}) })).status
}

type Wish = Partial<Parameters<ProofKey['prove']>[0]>

/** What is wrong with it. */
const wrong: Record<string, (prove: (wish?: Wish) => string) => Shown> = {
  'no proof': () => ({}),
  'no proof under the scheme Bearer': () => ({ scheme: 'Bearer' }),
  'a proof under the scheme Bearer': (prove) => ({ dpop: [prove()], scheme: 'Bearer' }),
  'two headers': (prove) => ({ dpop: [prove(), prove()] }),
  'a malformed JWT': () => ({ dpop: ['x.y.z'] }),
  'no typ': (prove) => ({ dpop: [prove({ header: { typ: undefined } })] }),
  'another typ': (prove) => ({ dpop: [prove({ header: { typ: 'JWT' } })] }),
  'no alg': (prove) => ({ dpop: [prove({ header: { alg: undefined } })] }),
  'alg none': (prove) => ({ dpop: [prove({ header: { alg: 'none' } }).replace(/[^.]+$/, '')] }),
  'no jwk': (prove) => ({ dpop: [prove({ header: { jwk: undefined } })] }),
  'a private jwk': (prove) => ({ dpop: [prove({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } })] }),
  'no jti': (prove) => ({ dpop: [prove({ claims: { jti: undefined } })] }),
  'no htm': (prove) => ({ dpop: [prove({ claims: { htm: undefined } })] }),
  'no htu': (prove) => ({ dpop: [prove({ claims: { htu: undefined } })] }),
  'no iat': (prove) => ({ dpop: [prove({ claims: { iat: undefined } })] }),
  'no ath': (prove) => ({ dpop: [prove({ claims: { ath: undefined } })] }),
  'another ath': (prove) => ({ dpop: [prove({ accessToken: 'another' })] }),
  'another method': (prove) => ({ dpop: [prove({ method: 'POST' })] }),
  'another address': (prove) => ({ dpop: [prove({ url: 'https://localhost/elsewhere' })] }),
  'an iat of an hour ago': (prove) => ({ dpop: [prove({ iat: now() - 3_600 })] }),
  'an iat in an hour': (prove) => ({ dpop: [prove({ iat: now() + 3_600 })] }),
  'a signature of another key': (prove) => ({
    dpop: [prove({ signWith: { alg: 'ES256', key: createKey('ES256').privateKey } })],
  }),
  'claims that were changed': (prove) => ({
    dpop: [prove().replace(/\.[^.]+\./, `.${encodePart({ jti: 'x', htm: 'GET', htu: resource.url, iat: now() })}.`)],
  }),
}

const places: [string, () => string, Send][] = [
  ['UserInfo over HTTP/1.1', () => server.url('/userinfo'), overHttp1],
  ['UserInfo over HTTP/2', () => server.url('/userinfo'), overHttp2],
  ['a resource of somebody else', () => resource.url, overHttp1],
]

for (const [place, urlOf, sendTo] of places)
  describe(`RFC 9449 §4.3 – ${place}`, () => {
    const proofOf =
      (by: ProofKey) =>
      (wish: Wish = {}): string =>
        by.prove({ url: urlOf(), method: 'GET', accessToken: token, iat: now(), ...wish })

    for (const [name, make] of Object.entries(wrong))
      test(`T-DP-03 T-DP-09 RFC 9449 §4.3 – ${name} is refused`, async () => {
        const status = await sendTo(urlOf(), make(proofOf(key)))
        assert.ok(status === 401 || status === 400, String(status))
      })

    test('T-DP-09 RFC 9449 §4.3 – RS256 and another key are refused', async () => {
      for (const other of [createProofKey('RS256'), createProofKey('ES256')])
        assert.equal(await sendTo(urlOf(), { dpop: [proofOf(other)()] }), 401)
    })

    test('T-DP-01 RFC 9449 §4.3 – a right one is accepted once, whatever is in it beside', async () => {
      const proof = proofOf(key)
      const dpop = [proof()]
      assert.equal(await sendTo(urlOf(), { dpop }), 200)
      assert.equal(await sendTo(urlOf(), { dpop }), 401)
      const accepted: Wish[] = [
        { url: `${urlOf()}?a=1#b` },
        { header: { extra: 1 }, claims: { extra: 1 } },
        { claims: { nbf: now() - 5, exp: now() + 60 } },
        { iat: now() - 10 },
        { iat: now() + 8 },
      ]
      for (const wish of accepted)
        assert.equal(await sendTo(urlOf(), { dpop: [proof(wish)] }), 200, JSON.stringify(wish))
      assert.equal(await sendTo(urlOf(), { dpop: [proof()], scheme: 'dpOP' }), 200)
    })
  })

test('T-DP-03 RFC 9449 §4.3 RFC 9113 §8.3.1 – over HTTP/2 htu is compared with the :authority', async () => {
  const { host, port } = new URL(server.issuer)
  const show = async (authority: string, htu: string): Promise<number> => {
    const dpop = key.prove({ url: htu, method: 'GET', accessToken: token, iat: now() })
    const headers = { ':authority': authority, ':path': '/userinfo', authorization: `DPoP ${token}`, dpop }
    return (await sendHttp2(server, headers)).status
  }
  assert.equal(await show(host, `https://127.0.0.1:${port}/userinfo`), 401)
  assert.equal(await show(host, 'https://localhost/userinfo'), 401)
  assert.equal(await show('evil.example', 'https://evil.example/userinfo'), 421)
  assert.equal(await show(host, server.url('/userinfo')), 200)
  assert.equal(await show(host.toUpperCase(), `HTTPS://LOCALHOST:${port}/userinfo`), 200)
})

test('T-DP-01 RFC 9449 §11.1 – of twenty streams of one connection with one proof exactly one is answered', async () => {
  const session = connect(server.issuer, { ca: server.ca })
  const dpop = key.prove({ url: server.url('/userinfo'), method: 'GET', accessToken: token, iat: now() })
  const statuses = await Promise.all(
    Array.from(
      { length: 20 },
      () =>
        new Promise<number>((resolve, reject) => {
          const stream = session.request({ ':path': '/userinfo', authorization: `DPoP ${token}`, dpop })
          stream.once('error', reject).resume()
          stream.once('response', (headers) => resolve(Number(headers[':status'])))
        }),
    ),
  )
  session.close()
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  assert.ok(statuses.every((status) => status === 200 || status === 401))
})
