import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signer } from '../../../src/keys/key_provider.ts'
import { createReadAccessToken } from '../../../src/tokens/verify.ts'
import {
  codeRequest,
  createKey,
  encodePart,
  forgedJwts,
  grantedWith,
  ISSUER,
  jsonPart,
  openTokenWorld,
  publicJwkOf,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

type Tokens = { access_token: string; id_token: string; refresh_token: string }

const openWorld = async (t: Parameters<typeof openTokenWorld>[0]) => {
  const world = await openTokenWorld(t)
  await world.addClient({
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: 'openid jobs',
  })
  await world.addUser()
  const code = await world.addCode(grantedWith({ scopes: ['openid'] }))
  const { response } = await world.exchange(await world.open(), tokenRequest(codeRequest(code)))
  return { world, tokens: response as Tokens }
}

const find = async (world: TokenWorld, token: string, realm = 'main') =>
  await world.findAccessToken(await world.open(realm), token)

const signer = async (world: TokenWorld): Promise<Signer> => await world.keys.signer(await world.open(), 'ES256')

/** A token that the realm's own key signed. */
const signedAs = async (world: TokenWorld, header: object | string, claims: object | string): Promise<string> => {
  const { kid, sign } = await signer(world)
  const withKid =
    typeof header === 'string' ? header.replace('KID', kid) : { alg: 'ES256', kid, typ: 'at+jwt', ...header }
  const input = `${encodePart(withKid)}.${encodePart(claims)}`
  return `${input}.${await sign(input)}`
}

test('T-JW-12 RFC 9068 §4 – an ID token is no access token', async (t) => {
  const { world, tokens } = await openWorld(t)
  assert.equal(await find(world, tokens.id_token), undefined)
})

test('T-JW-12 RFC 9068 §2.1 – only the type at+jwt is an access token', async (t) => {
  const { world, tokens } = await openWorld(t)
  const claims = jsonPart(tokens.access_token, 1)
  for (const typ of [undefined, 'JWT', 'jwt', 'dpop+jwt', 'logout+jwt', 'at+jwt ', '']) {
    assert.equal(await find(world, await signedAs(world, { typ }, claims)), undefined)
  }
  for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT']) {
    assert.ok(await find(world, await signedAs(world, { typ }, claims)))
  }
})

test('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-05 T-JW-14 T-JW-15 T-JW-21 RFC 9068 §4 – forged access tokens are refused', async (t) => {
  const { world, tokens } = await openWorld(t)
  const { kid } = await signer(world)
  const own = createKey('ES256')
  const header = { alg: 'ES256', kid, typ: 'at+jwt' }
  for (const [name, token] of forgedJwts(jsonPart(tokens.access_token, 1), header, own)) {
    assert.equal(await find(world, token), undefined, name)
  }
  const [head, body] = tokens.access_token.split('.')
  for (const tail of ['', 'A', Buffer.alloc(64).toString('base64url')]) {
    assert.equal(await find(world, `${head}.${body}.${tail}`), undefined)
  }
})

test('T-JW-03 T-JW-04 T-JW-19 RFC 8725 §3.10 – even the right signature does not help a header that says too much', async (t) => {
  const { world, tokens } = await openWorld(t)
  const claims = jsonPart(tokens.access_token, 1)
  const jwk = publicJwkOf(createKey('ES256'))
  for (const member of [
    { jwk },
    { jku: ISSUER },
    { x5u: ISSUER },
    { crit: [] },
    { crit: ['exp'], exp: 1 },
    { b64: true },
  ]) {
    assert.equal(await find(world, await signedAs(world, member, claims)), undefined)
  }
  const twice = '{"alg":"ES256","alg":"ES256","kid":"KID","typ":"at+jwt"}'
  assert.equal(await find(world, await signedAs(world, twice, claims)), undefined)
  const repeated = JSON.stringify(claims).replace('{', '{"jti":"another",')
  assert.equal(await find(world, await signedAs(world, {}, repeated)), undefined)
})

test('T-JW-20 RFC 8725 §3.1 – the key decides the algorithm', async (t) => {
  const { world, tokens } = await openWorld(t)
  const realm = await world.open()
  const rsa = await world.keys.signer(realm, 'RS256')
  const body = tokens.access_token.split('.')[1] ?? ''
  const input = `${encodePart({ alg: 'PS256', kid: rsa.kid, typ: 'at+jwt' })}.${body}`
  assert.equal(await find(world, `${input}.${await rsa.sign(input)}`), undefined)
  const right = `${encodePart({ alg: 'RS256', kid: rsa.kid, typ: 'at+jwt' })}.${body}`
  assert.ok(await find(world, `${right}.${await rsa.sign(right)}`))
})

test('T-JW-18 RFC 8725 §3.10 – a token without a kid, or with one nobody knows, is refused', async (t) => {
  const { world, tokens } = await openWorld(t)
  const claims = jsonPart(tokens.access_token, 1)
  for (const kid of [undefined, '', '../../key', "' OR 1=1 --", '__proto__', 'x'.repeat(9_000)]) {
    assert.equal(await find(world, await signedAs(world, { kid }, claims)), undefined)
  }
})

test('T-IS-08 RFC 8725 §3.8 – a token of one realm is nothing in another', async (t) => {
  const { world, tokens } = await openWorld(t)
  assert.equal(await find(world, tokens.access_token, 'other'), undefined)
  assert.ok(await find(world, tokens.access_token))
  assert.equal(await find(world, tokens.access_token, 'other'), undefined)
})

test('RFC 9068 §4 – another issuer or audience is refused', async (t) => {
  const { world, tokens } = await openWorld(t)
  const claims = jsonPart(tokens.access_token, 1)
  for (const change of [{ iss: `${ISSUER}/realms/other` }, { aud: 'https://api.example' }, { aud: undefined }]) {
    assert.equal(await find(world, await signedAs(world, {}, { ...claims, ...change })), undefined)
  }
})

test('RFC 9068 §4 – a token is refused from the second it expires, also one that was looked at before', async (t) => {
  const { world, tokens } = await openWorld(t)
  world.advance(899_000)
  assert.ok(await find(world, tokens.access_token))
  world.advance(1_000)
  assert.equal(await find(world, tokens.access_token), undefined)
})

test('T-LC-01 RFC 7009 §2 – a token that was looked at before is refused once it is revoked', async (t) => {
  const { world, tokens } = await openWorld(t)
  assert.ok(await find(world, tokens.access_token))
  const { jti } = jsonPart(tokens.access_token, 1)
  const { revocations } = world.store.realm('main')
  await revocations.remember({ id: String(jti), reason: 'test', now: 1, purgeAfter: 2 })
  assert.equal(await find(world, tokens.access_token), undefined)
})

test('T-LC-01 RFC 7009 §2.1 – a token is refused once its authorization is revoked', async (t) => {
  const { world, tokens } = await openWorld(t)
  const { authorization_id: id } = jsonPart(tokens.access_token, 1)
  await world.store.realm('main').revocations.remember({ id: String(id), reason: 'test', now: 1, purgeAfter: 2 })
  assert.equal(await find(world, tokens.access_token), undefined)
})

test('T-LC-01 RFC 9068 §4 – the token of a user or client that was disabled or deleted is refused', async (t) => {
  const { world, tokens } = await openWorld(t)
  const { users } = world.store.realm('main')
  const user = await users.find('the-sub-of-alice')
  assert.ok(user)
  await users.update({ ...user, enabled: false })
  assert.equal(await find(world, tokens.access_token), undefined)
  await users.update(user)
  assert.ok(await find(world, tokens.access_token))
  await world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    await realm.store.clients.update({ ...client, enabled: false })
  })
  assert.equal(await find(world, tokens.access_token), undefined)
})

test('RFC 9068 §4 – a key that the realm no longer has vouches for nothing, also not for a token looked at before', async (t) => {
  const { world, tokens } = await openWorld(t)
  let isGone = false
  const publicKey: typeof world.keys.publicKey = async (realm, kid) =>
    isGone ? undefined : await world.keys.publicKey(realm, kid)
  const read = createReadAccessToken({ ...world, keys: { publicKey } })
  const before = await world.open()
  assert.ok(await read(before, tokens.access_token))
  isGone = true
  // What a realm's keys vouched for is remembered as long as the realm is the same.
  world.realms.forget('main')
  const after = await world.open()
  assert.notEqual(after, before)
  assert.equal(await read(after, tokens.access_token), undefined)
})

test('RFC 9068 §4 – a live token gives its claims, its client and its user', async (t) => {
  const { world, tokens } = await openWorld(t)
  const found = await find(world, tokens.access_token)
  assert.equal(found?.claims.sub, 'the-sub-of-alice')
  assert.equal(found?.client.clientId, 'app')
  assert.equal(found?.user?.username, 'alice')
})

test('RFC 9068 §5 – the token of a client for itself has no user, even where a user has the same identifier', async (t) => {
  const { world } = await openWorld(t)
  await world.addUser({ id: 'app', username: 'mallory' })
  const { response } = await world.exchange(await world.open(), tokenRequest({ grant_type: 'client_credentials' }))
  const found = await find(world, response.access_token)
  assert.equal(found?.claims.sub, 'app')
  assert.equal(found?.claims.auth_time, undefined)
  assert.equal(found?.user, undefined)
})
