/** RFC 8705 §2.2 – which of a client's keys a certificate may have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import { ecPair, type Issued, issueClient, type Pair, rsaPair } from '../../support/pki.ts'
import {
  createKey,
  openTokenWorld,
  publicJwkOf,
  publish,
  START,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const JWKS_URI = 'https://certificates.example/jwks.json'
const INVALID_CLIENT = { code: 'invalid_client', status: 401 }
const SINCE_START = Math.ceil((Date.now() - START) / 86_400_000)

let count = 0

const certificateOf = (pair: Pair): Promise<Issued> => issueClient({ pair, days: [-SINCE_START - 1, 30] })

const present = async (world: TokenWorld, pair: Pair): Promise<Client> => {
  count += 1
  const { certificate } = await certificateOf(pair)
  const shown = { authorization: undefined, ip: `192.0.2.${count}`, certificate: { der: certificate.raw, chain: [] } }
  return await world.authenticateClient(await world.open(), tokenRequest({ client_id: 'app' }, shown))
}

const openWorld = async (t: Parameters<typeof openTokenWorld>[0], metadata: Partial<ClientMetadata>) => {
  const world = await openTokenWorld(t)
  await world.addClient({ token_endpoint_auth_method: 'self_signed_tls_client_auth', ...metadata })
  return world
}

test('T-MT-01 T-JW-17 RFC 8705 §2.2 – any of the twenty keys will do, and none after them', async (t) => {
  const pairs = Array.from({ length: 21 }, () => createKey('ES256'))
  const world = await openWorld(t, { jwks: { keys: pairs.map((pair) => publicJwkOf(pair)) } })
  await assert.rejects(present(world, createKey('ES256')), INVALID_CLIENT)
  const last = pairs.pop()
  assert.ok(last)
  await assert.rejects(present(world, last), INVALID_CLIENT)
  for (const pair of [pairs[0], pairs[4], pairs[19]]) {
    assert.ok(pair)
    assert.equal((await present(world, pair)).clientId, 'app')
  }
})

test('RFC 8705 §2.2 – the key may be of a curve that no token is signed with, but not a weak one', async (t) => {
  const [strong, weak] = [ecPair('P-384'), rsaPair(1024)]
  const world = await openWorld(t, { jwks: { keys: [publicJwkOf(strong), publicJwkOf(weak)] } })
  await assert.rejects(present(world, weak), INVALID_CLIENT)
  assert.equal((await present(world, strong)).clientId, 'app')
})

test('RFC 8705 §2.2.2 – a certificate that is new at the jwks_uri is known within a minute, for one fetch', async (t) => {
  const [old, next] = [createKey('ES256'), createKey('ES256')]
  publish(JWKS_URI, { keys: [publicJwkOf(old)] })
  const world = await openWorld(t, { jwks_uri: JWKS_URI })
  assert.equal((await present(world, old)).clientId, 'app')
  publish(JWKS_URI, { keys: [publicJwkOf(old), publicJwkOf(next)] })
  await assert.rejects(present(world, next), INVALID_CLIENT)
  assert.equal(world.fetched.length, 1)
  world.advance(30_000)
  const known = await Promise.all(Array.from({ length: 10 }, () => present(world, next)))
  assert.equal(known.length, 10)
  assert.equal(world.fetched.length, 2)
  // T-SS-08 – a key that nobody knows makes no difference to how often we ask.
  await assert.rejects(present(world, createKey('ES256')), INVALID_CLIENT)
  assert.equal(world.fetched.length, 2)
  // A fetch that fails leaves the keys in use.
  publish(JWKS_URI, new Error('away'))
  world.advance(120_000)
  assert.equal((await present(world, next)).clientId, 'app')
  assert.equal(world.fetched.length, 3)
})

test('RFC 8705 §2.2 – both kinds of proof of a client share what was fetched for it', async (t) => {
  const pair = createKey('ES256')
  publish(JWKS_URI, { keys: [publicJwkOf(pair)] })
  const world = await openWorld(t, { jwks_uri: JWKS_URI })
  const client = await present(world, pair)
  const keys = await world.clientKeys.candidates(client, { alg: 'ES256', kid: undefined })
  assert.equal(keys.length, 1)
  assert.equal(world.fetched.length, 1)
})
