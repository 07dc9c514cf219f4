import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientAuthRequest } from '../../../src/client_auth/method.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { basicHeader, openTokenWorld, SECRET, type TokenWorld, tokenRequest } from '../../support/tokens.ts'

const INVALID_CLIENT = { code: 'invalid_client', status: 401 }
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const ask = async (
  world: TokenWorld,
  parameters: Record<string, string>,
  changes: Partial<Omit<ClientAuthRequest, 'parameters'>> = {},
) => await world.authenticateClient(await world.open(), tokenRequest(parameters, changes))

const refusalOf = async (attempt: Promise<unknown>): Promise<OAuthError> => {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof OAuthError)
  return error
}

const openWorld = async (t: Parameters<typeof openTokenWorld>[0]): Promise<TokenWorld> => {
  const world = await openTokenWorld(t)
  await world.addClient()
  await world.addClient({ token_endpoint_auth_method: 'client_secret_post' }, { clientId: 'post' })
  await world.addClient({ token_endpoint_auth_method: 'none' }, { clientId: 'public' })
  await world.addClient({ token_endpoint_auth_method: 'private_key_jwt' }, { clientId: 'asymmetric' })
  return world
}

for (const [name, parameters, authorization] of [
  ['Basic and a secret in the body', { client_id: 'app', client_secret: SECRET }, basicHeader('app', SECRET)],
  [
    'Basic and an assertion',
    { client_assertion_type: ASSERTION_TYPE, client_assertion: 'x' },
    basicHeader('app', SECRET),
  ],
  [
    'a secret in the body and an assertion',
    { client_id: 'post', client_secret: SECRET, client_assertion: 'x' },
    undefined,
  ],
  ['another scheme and a secret in the body', { client_id: 'post', client_secret: SECRET }, 'Bearer abc'],
] as const) {
  test(`T-CA-04 N-21-07 RFC 6749 §2.3 – two methods in one request are invalid: ${name}`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(ask(world, parameters, { authorization }), { code: 'invalid_request' })
  })
}

for (const [name, parameters, authorization] of [
  ['the secret of a client registered for Basic in the body', { client_id: 'app', client_secret: SECRET }, undefined],
  ['the secret of a client registered for the body as Basic', {}, basicHeader('post', SECRET)],
  ['a leftover secret of a client registered for private_key_jwt', {}, basicHeader('asymmetric', SECRET)],
  ['a leftover secret of a public client', {}, basicHeader('public', SECRET)],
  ['an empty secret', {}, basicHeader('app', '')],
  ['the hash of the secret', {}, basicHeader('app', sha256(SECRET))],
] as const) {
  test(`T-CA-05 RFC 6749 §2.3 – only the registered method counts: ${name}`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(ask(world, parameters, { authorization }), INVALID_CLIENT)
  })
}

test('T-CA-11 N-21-04 RFC 6749 §2.1 and §3.2.1 – the client_id of a confidential client alone proves nothing', async (t) => {
  const world = await openWorld(t)
  for (const clientId of ['app', 'post', 'asymmetric']) {
    await assert.rejects(ask(world, { client_id: clientId }, { authorization: undefined }), INVALID_CLIENT)
  }
})

test('RFC 6749 §5.2 – without any credentials the client is invalid', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(ask(world, {}, { authorization: undefined }), INVALID_CLIENT)
  await assert.rejects(ask(world, { client_secret: SECRET }, { authorization: undefined }), INVALID_CLIENT)
})

test('RFC 6749 §3.2.1 – a client_id that contradicts the credentials is refused', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(ask(world, { client_id: 'post' }), INVALID_CLIENT)
  assert.equal((await ask(world, { client_id: 'app' })).clientId, 'app')
})

test('T-CA-08 T-LC-01 RFC 6749 §2.3 – a disabled client is refused', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({}, { enabled: false })
  await assert.rejects(ask(world, {}), INVALID_CLIENT)
})

test('T-IS-08 RFC 6749 §2.3 – a client of another realm is unknown', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({}, { realmId: 'other' })
  await assert.rejects(ask(world, {}), INVALID_CLIENT)
})

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')

const malformed = [
  '',
  'Basic',
  'Basic ',
  'Basic  x',
  'Basic !!!!',
  'Basic Zm9v=Zm9v',
  `Basic ${base64('app')}`,
  `Basic ${base64(':secret')}`,
  `Basic ${base64('app:%zz')}`,
  `Basic ${base64('%:x')}`,
  `Basic ${base64('app:%ff')}`,
  `Basic ${base64(Buffer.from([0xff, 0xfe, 0x3a, 0xff]))}`,
  `Basic ${base64('app\0:secret')}`,
  `Basic ${base64(`${'a'.repeat(300)}:secret`)}`,
  `Basic ${base64('x'.repeat(16_384))}`,
  `Basic\t${base64('app:secret')}`,
  `Basic ${base64('app:secret')}, Basic ${base64('app:secret')}`,
  `Basic ${base64('app:secret')} `,
  `Bearer ${base64('app:secret')}`,
  'Digest username="app"',
  'DPoP x',
]

for (const authorization of malformed) {
  test(`T-CA-06 N-21-12 RFC 6749 §5.2 – a malformed header is answered 401 with a challenge: ${authorization.slice(0, 40)}`, async (t) => {
    const world = await openWorld(t)
    const error = await refusalOf(ask(world, {}, { authorization }))
    assert.equal(error.code, 'invalid_client')
    assert.equal(error.status, 401)
    assert.equal(error.headers['www-authenticate'], 'Basic realm="https://sso.example"')
  })
}

test('N-21-12 RFC 6749 §5.2 – there is no challenge for who did not use the header', async (t) => {
  const world = await openWorld(t)
  const error = await refusalOf(ask(world, { client_id: 'post', client_secret: 'wrong' }, { authorization: undefined }))
  assert.equal(error.status, 401)
  assert.equal('www-authenticate' in error.headers, false)
})

test('RFC 6749 §5.2 – all failures read the same', async (t) => {
  const world = await openWorld(t)
  const descriptions = new Set<string>()
  const attempts = [basicHeader('app', 'wrong'), basicHeader('nobody', SECRET), basicHeader('post', SECRET), 'Basic x']
  for (const authorization of attempts) {
    const error = await refusalOf(ask(world, {}, { authorization }))
    descriptions.add(JSON.stringify([error.code, error.status, error.description, error.headers]))
  }
  assert.equal(descriptions.size, 1)
})

test('T-CA-10 N-21-08 OAuth 2.1 §2.4.1 – after ten failures the client waits, and only from that address', async (t) => {
  const world = await openWorld(t)
  for (let round = 0; round < 10; round++) {
    await assert.rejects(ask(world, {}, { authorization: basicHeader('app', `wrong ${round}`) }), INVALID_CLIENT)
  }
  const error = await refusalOf(ask(world, {}))
  assert.equal(error.code, 'too_many_requests')
  assert.equal(error.status, 429)
  assert.ok(error.retryAfterSeconds && error.retryAfterSeconds <= 60)
  assert.equal((await ask(world, {}, { ip: '192.0.2.2' })).clientId, 'app')
  const post = { client_id: 'post', client_secret: SECRET }
  assert.equal((await ask(world, post, { authorization: undefined })).clientId, 'post')
  // One event a failure that was looked at, and no more.
  assert.deepEqual(await world.auditTypes(), Array<string>(10).fill('auth_failure'))
})

test('T-CA-10 OAuth 2.1 §2.4.1 – the addresses of one IPv6 network are one, and failures at the same time are ten events', async (t) => {
  const world = await openWorld(t)
  const wrong = (host: number) =>
    refusalOf(ask(world, {}, { authorization: basicHeader('app', 'wrong'), ip: `2001:db8:1:2::${host.toString(16)}` }))
  await Promise.all(Array.from({ length: 100 }, (_, host) => wrong(host + 1)))
  assert.equal((await world.auditTypes()).length, 10)
  assert.equal((await wrong(0xffff)).code, 'too_many_requests')
  assert.equal((await ask(world, {}, { ip: '2001:db8:1:3::1' })).clientId, 'app')
})

test('T-CA-10 OAuth 2.1 §2.4.1 – invented clients share one count and leave no trace in the audit', async (t) => {
  const world = await openWorld(t)
  for (let round = 0; round < 10; round++) {
    await assert.rejects(ask(world, {}, { authorization: basicHeader(`nobody-${round}`, 'x') }), INVALID_CLIENT)
  }
  await assert.rejects(ask(world, {}, { authorization: basicHeader('nobody', 'x') }), { code: 'too_many_requests' })
  assert.equal((await ask(world, {})).clientId, 'app')
  assert.deepEqual(await world.auditTypes(), [])
})

test('T-CA-07 RFC 6749 §2.3.1 – id and secret are form-encoded before they are joined', async (t) => {
  const world = await openTokenWorld(t)
  const clientId = 'client:with %+& and ünïcode'
  const secret = 'secret:with %2B + & ünïcode = and spaces'
  await world.addClient({}, { clientId, secretHash: sha256(secret) })
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  const encoded = `${encode(clientId)}:${encode(secret)}`
  assert.equal((await ask(world, {}, { authorization: `Basic ${base64(encoded)}` })).clientId, clientId)
  assert.equal((await ask(world, {}, { authorization: basicHeader(clientId, secret) })).clientId, clientId)
})

test('RFC 9110 §11.1 – the scheme is Basic in any case', async (t) => {
  const world = await openWorld(t)
  for (const scheme of ['basic', 'BASIC', 'bAsIc']) {
    const authorization = basicHeader('app', SECRET).replace('Basic', scheme)
    assert.equal((await ask(world, {}, { authorization })).clientId, 'app')
  }
})

test('RFC 6749 §2.3 – each method proves the client that is registered for it', async (t) => {
  const world = await openWorld(t)
  assert.equal((await ask(world, {})).clientId, 'app')
  const post = { client_id: 'post', client_secret: SECRET }
  assert.equal((await ask(world, post, { authorization: undefined })).clientId, 'post')
  assert.equal((await ask(world, { client_id: 'public' }, { authorization: undefined })).clientId, 'public')
})
