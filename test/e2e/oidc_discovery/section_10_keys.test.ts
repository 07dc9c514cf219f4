import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

type Jwk = Record<string, string>

let server: TestServer

before(async () => {
  server = await startServer()
})
after(() => server.close())

const keysOf = async (path: string): Promise<Jwk[]> => (await server.request('GET', path)).json<{ keys: Jwk[] }>().keys

test('RFC 7517 §9.2 – no private member and no symmetric key is published', async () => {
  for (const jwk of await keysOf('/jwks.json')) {
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'priv']) assert.equal(name in jwk, false, name)
    assert.notEqual(jwk.kty, 'oct')
  }
})

test('OpenID Connect Discovery §3 – the keys are sound, each with a kid of its own, its use and its algorithm', async () => {
  const keys = await keysOf('/jwks.json')
  assert.deepEqual(keys.map((jwk) => jwk.alg).sort(), ['ES256', 'RS256'])
  assert.equal(new Set(keys.map((jwk) => jwk.kid)).size, keys.length)
  for (const jwk of keys) {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    assert.equal(jwk.use, 'sig')
    if (jwk.kty === 'RSA') assert.ok((key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048)
    else assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  }
})

test('RFC 7518 §6.2.1.2 and §6.3.1 – numbers are base64url without padding, coordinates of full length', async () => {
  for (const jwk of await keysOf('/jwks.json')) {
    for (const name of ['x', 'y', 'n', 'e', 'kid'].filter((member) => member in jwk))
      assert.match(jwk[name] ?? '', /^[A-Za-z0-9_-]+$/, name)
    const lengths = { EC: { x: 32, y: 32 }, RSA: { n: 256, e: 3 } }[jwk.kty ?? '']
    for (const [name, length] of Object.entries(lengths ?? assert.fail(jwk.kty)))
      assert.equal(Buffer.from(jwk[name] ?? '', 'base64url').length, length, name)
  }
})

test('T-IS-08 RFC 8725 §3.8 – no two realms share a key', async () => {
  const kids = [...(await keysOf('/jwks.json')), ...(await keysOf('/realms/_/jwks.json'))].map((jwk) => jwk.kid)
  assert.equal(new Set(kids).size, kids.length)
})
