import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import type { Granted } from '../../../src/oauth/granted.ts'
import { halfHash, SIGNING_ALGS } from '../../../src/oauth/signing_algs.ts'
import {
  codeRequest,
  grantedWith,
  ISSUER,
  jsonPart,
  openTokenWorld,
  START,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const NOW = START / 1000

const redeem = async (world: TokenWorld, granted: Partial<Granted> = {}) => {
  const code = await world.addCode(grantedWith(granted))
  const { response } = await world.exchange(await world.open(), tokenRequest(codeRequest(code)))
  return response as { access_token: string; id_token: string }
}

const openWorld = async (
  t: Parameters<typeof openTokenWorld>[0],
  metadata: Partial<ClientMetadata> = {},
  params: Parameters<typeof openTokenWorld>[1] = {},
): Promise<TokenWorld> => {
  const world = await openTokenWorld(t, params)
  await world.addClient(metadata)
  await world.addUser()
  return world
}

const publicSet = async (world: TokenWorld) => {
  const keys = await world.keys.publicKeys(await world.open())
  return createLocalJWKSet({ keys: keys.map((key) => key.jwk) } as unknown as JSONWebKeySet)
}

test('RFC 9068 §2.2.1 – nothing about a person is said that was not there', async (t) => {
  const world = await openWorld(t)
  const claims = jsonPart((await redeem(world, { amr: [], sessionId: undefined })).access_token, 1)
  for (const name of ['acr', 'amr', 'sid', 'roles', 'name', 'email', 'nonce']) assert.equal(name in claims, false, name)
})

test('N-90-01 RFC 9068 §2.2 – the claims of an access token', async (t) => {
  const world = await openWorld(t)
  const granted = { authorizationId: 'the-authorization', scopes: ['openid', 'roles'], acr: 'urn:example:gold' }
  const { access_token: token } = await redeem(world, granted)
  const { jti, ...claims } = jsonPart(token, 1)
  assert.match(String(jti), /^[A-Za-z0-9_-]{22}$/)
  assert.deepEqual(claims, {
    iss: ISSUER,
    sub: 'the-sub-of-alice',
    aud: ISSUER,
    client_id: 'app',
    iat: NOW,
    exp: NOW + 900,
    authorization_id: 'the-authorization',
    scope: 'openid roles',
    auth_time: NOW - 5,
    acr: 'urn:example:gold',
    amr: ['pwd'],
    sid: 'session-1',
    roles: ['clerk'],
  })
  const { alg, typ, kid, ...rest } = jsonPart(token, 0)
  assert.deepEqual([alg, typ, typeof kid, rest], ['ES256', 'at+jwt', 'string', {}])
})

test('N-21-01 RFC 9068 §2.2 – no two access tokens have the same jti', async (t) => {
  const world = await openWorld(t)
  const ids = new Set<unknown>()
  for (let round = 0; round < 20; round++) ids.add(jsonPart((await redeem(world)).access_token, 1).jti)
  assert.equal(ids.size, 20)
})

test('RFC 6749 §5.1 – a client may have a lifetime of its own for access tokens', async (t) => {
  const world = await openWorld(t, { access_token_ttl_secs: 60 })
  const code = await world.addCode()
  const { response } = await world.exchange(await world.open(), tokenRequest(codeRequest(code)))
  assert.equal(response.expires_in, 60)
  assert.equal(jsonPart(response.access_token, 1).exp, NOW + 60)
})

test('OpenID Connect Core §2 – an ID token says what it has to, and nothing else', async (t) => {
  const world = await openWorld(t)
  const tokens = await redeem(world)
  assert.deepEqual(jsonPart(tokens.id_token, 1), {
    iss: ISSUER,
    sub: 'the-sub-of-alice',
    aud: 'app',
    iat: NOW,
    exp: NOW + 300,
    auth_time: NOW - 5,
    at_hash: halfHash('RS256', tokens.access_token),
    nonce: 'n-1',
    amr: ['pwd'],
    sid: 'session-1',
  })
  assert.equal(jsonPart(tokens.id_token, 0).typ, 'JWT')
})

test('Back-Channel Logout §2.1 – a client that takes no part in logout is told no session', async (t) => {
  const world = await openWorld(t, { post_logout_redirect_uris: [] })
  assert.equal('sid' in jsonPart((await redeem(world)).id_token, 1), false)
})

test('OpenID Connect Core §3.1.2.1 – without a nonce, acr or amr the ID token has none', async (t) => {
  const world = await openWorld(t)
  const claims = jsonPart((await redeem(world, { nonce: undefined, amr: [] })).id_token, 1)
  for (const name of ['nonce', 'acr', 'amr']) assert.equal(name in claims, false, name)
})

for (const alg of SIGNING_ALGS) {
  test(`OpenID Connect Core §3.1.3.7 – ${alg} tokens verify with the published keys, by an independent library`, async (t) => {
    const world = await openWorld(t, { id_token_signed_response_alg: alg }, { default_signing_alg: alg })
    const tokens = await redeem(world)
    const keys = await publicSet(world)
    const currentDate = new Date(START)
    const idToken = await jwtVerify(tokens.id_token, keys, {
      issuer: ISSUER,
      audience: 'app',
      algorithms: [alg],
      currentDate,
    })
    assert.equal(idToken.payload.at_hash, halfHash(alg, tokens.access_token))
    const options = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: [alg], currentDate }
    assert.equal((await jwtVerify(tokens.access_token, keys, options)).payload.client_id, 'app')
    assert.equal((await compactVerify(tokens.access_token, keys)).protectedHeader.alg, alg)
  })
}
