import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindSecret, createKeepSecret } from '../../../src/client_auth/sealed_secret.ts'
import type { Client, ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import {
  createKey,
  ENCRYPTION_KEY,
  encodePart,
  ISSUER,
  macAny,
  openTokenWorld,
  publicJwkOf,
  SECRET,
  START,
  signAny,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const INVALID_CLIENT = { code: 'invalid_client', status: 401 }
const NOW = START / 1000

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1' })] }

let count = 0

const claimsWith = (changes: Record<string, unknown> = {}): Record<string, unknown> => {
  count += 1
  return { iss: 'app', sub: 'app', aud: ISSUER, jti: `jti-${count}`, iat: NOW, exp: NOW + 60, ...changes }
}

const assertionWith = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  secret: string | Buffer = SECRET,
): string => macAny(secret, { alg: 'HS256', ...header }, claimsWith(claims))

const keep = (world: TokenWorld, client: Client, secret: string | undefined): Promise<void> =>
  world.change((realm) => createKeepSecret(world)(realm.store, client, secret))

const openWorld = async (
  t: Parameters<typeof openTokenWorld>[0],
  metadata: Partial<ClientMetadata> = {},
): Promise<TokenWorld> => {
  const world = await openTokenWorld(t)
  const client = await world.addClient({ token_endpoint_auth_method: 'client_secret_jwt', ...metadata })
  await keep(world, client, SECRET)
  return world
}

const update = (world: TokenWorld, metadata: Partial<ClientMetadata>): Promise<void> =>
  world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    await realm.store.clients.update({ ...client, metadata: { ...client.metadata, ...metadata } })
  })

/** From an address of its own each time, so that failures do not add up. */
const present = async (
  world: TokenWorld,
  assertion: string,
  parameters: Record<string, string> = {},
): Promise<Client> => {
  count += 1
  return await world.authenticateClient(
    await world.open(),
    tokenRequest(
      { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, ...parameters },
      { authorization: undefined, ip: `192.0.${Math.floor(count / 256)}.${count % 256}` },
    ),
  )
}

const forged: Record<string, () => string> = {
  'another secret': () => assertionWith({}, {}, 'another secret of forty-three characters 0001'),
  'an empty secret': () => assertionWith({}, {}, ''),
  'the hash of the secret': () => assertionWith({}, {}, sha256(SECRET)),
  'the client_id as secret': () => assertionWith({}, {}, 'app'),
  'the public key as PEM': () => assertionWith({}, {}, key.publicKey.export({ type: 'spki', format: 'pem' })),
  'the public key as DER': () => assertionWith({}, {}, key.publicKey.export({ type: 'spki', format: 'der' })),
  'the public key as JWK': () => assertionWith({}, {}, JSON.stringify(jwks.keys[0])),
  'its own registered key and ES256': () => signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claimsWith()),
  'no signature': () => assertionWith().replace(/[^.]+$/, ''),
  'alg none': () => `${encodePart({ alg: 'none' })}.${encodePart(claimsWith())}.`,
  'alg HS384': () => assertionWith({}, { alg: 'HS384' }),
  'alg HS512': () => assertionWith({}, { alg: 'HS512' }),
  'half a tag': () => assertionWith().slice(0, -21),
  'an embedded oct key': () => assertionWith({}, { jwk: { kty: 'oct', k: encodePart('x') } }, 'x'),
  'a jku': () => assertionWith({}, { jku: 'https://evil.example/jwks.json' }),
  'an unknown crit': () => assertionWith({}, { crit: ['exp'] }),
}
for (const [name, make] of Object.entries(forged))
  test(`T-JW-01 T-JW-02 T-JW-08 RFC 8725 §3.1 – an assertion with ${name} is refused`, async (t) => {
    const world = await openWorld(t, { jwks })
    await assert.rejects(present(world, make()), INVALID_CLIENT)
  })

for (const aud of [`${ISSUER}/token`, `${ISSUER}/par`, [ISSUER], `${ISSUER}/`, `${ISSUER}/realms/other`, undefined])
  test(`T-CA-01 N-75-01 RFC 7523 §3 – an assertion for ${JSON.stringify(aud)} is refused`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, assertionWith({ aud })), INVALID_CLIENT)
  })

const wrongClaims: [string, Record<string, unknown>][] = [
  ['no iss', { iss: undefined }],
  ['another iss', { iss: 'other' }],
  ['no sub', { sub: undefined }],
  ['no exp', { exp: undefined }],
  ['an exp that is over', { exp: NOW }],
  ['an exp in the far future', { exp: NOW + 311 }],
  ['an iat a minute ahead', { iat: NOW + 60 }],
  ['no jti', { jti: undefined }],
]
for (const [name, claims] of wrongClaims)
  test(`T-JW-11 T-JW-22 OpenID Connect Core §9 – an assertion with ${name} is refused`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, assertionWith(claims)), INVALID_CLIENT)
  })

test('T-JW-12 RFC 8725 §3.11 – a token of another type is no assertion', async (t) => {
  const world = await openWorld(t)
  for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'oauth-client-attestation-pop+jwt'])
    await assert.rejects(present(world, assertionWith({}, { typ })), INVALID_CLIENT)
})

test('OpenID Connect Core §9, §10.1 RFC 7523 §2.2 – an assertion under the secret proves its client', async (t) => {
  const world = await openWorld(t)
  for (const typ of [undefined, 'JWT', 'client-authentication+jwt'])
    assert.equal((await present(world, assertionWith({}, { typ }))).clientId, 'app')
  assert.equal((await present(world, assertionWith(), { client_id: 'app' })).clientId, 'app')
})

test('T-CA-02 RFC 7523 §3 – of two hundred that show one assertion exactly one succeeds', async (t) => {
  const world = await openWorld(t)
  const assertion = assertionWith()
  const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => present(world, assertion)))
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  await assert.rejects(present(world, assertion), INVALID_CLIENT)
})

test('T-CA-04 RFC 6749 §2.3 – with another method beside it the request is invalid', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(present(world, assertionWith(), { client_secret: SECRET, client_id: 'app' }), {
    code: 'invalid_request',
  })
})

for (const method of ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const)
  test(`T-CA-05 T-JW-10 RFC 6749 §2.3 – a client of ${method} cannot use it, whatever is left of its secret`, async (t) => {
    const world = await openWorld(t, { jwks })
    await update(world, { token_endpoint_auth_method: method })
    await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
  })

test('T-CA-05 RFC 6749 §2.3 – a client of this method cannot show its secret instead', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(world.authenticateClient(await world.open(), tokenRequest({})), INVALID_CLIENT)
  await assert.rejects(
    world.authenticateClient(
      await world.open(),
      tokenRequest({ client_id: 'app', client_secret: SECRET }, { authorization: undefined }),
    ),
    INVALID_CLIENT,
  )
})

for (const profile of ['fapi2_security', 'fapi2_message_signing'] as const)
  test(`FAPI 2.0 §5.3.2.1 – not for a client of the profile ${profile}, nor in a realm of it`, async (t) => {
    const bound = { dpop_bound_access_tokens: true, require_pushed_authorization_requests: true }
    const own = await openWorld(t, { profile, ...bound, require_signed_request_object: true })
    await assert.rejects(present(own, assertionWith()), INVALID_CLIENT)
    const world = await openWorld(t, { ...bound, require_signed_request_object: true })
    assert.equal((await present(world, assertionWith())).clientId, 'app')
    await world.change(async (realm) => {
      await world.store.realms.update('main', { ...realm.settings, profile }, START)
    })
    await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
  })

test('OWASP ASVS 13.3.1 – nothing in the database is the secret, and what is there is good in its own place alone', async (t) => {
  const world = await openWorld(t)
  const other = await world.addClient({ token_endpoint_auth_method: 'client_secret_jwt' }, { clientId: 'other' })
  const { clientSecrets } = world.store.realm('main')
  const sealed = (await clientSecrets.find('app')) ?? ''
  assert.match(sealed, /^v1\./)
  assert.equal(sealed.includes(SECRET), false)
  await keep(world, other, 'another secret of forty-three characters 0001')
  await world.change((realm) => realm.store.clientSecrets.replace('other', sealed, START))
  world.lines.length = 0
  await assert.rejects(present(world, assertionWith({ iss: 'other', sub: 'other' })), INVALID_CLIENT)
  assert.match(world.lines[0] ?? '', /cannot be opened/)
  assert.equal((await present(world, assertionWith())).clientId, 'app')
})

test('OpenID Connect Core §9 – the secret is read once for a client as it is, and again after a change', async (t) => {
  const world = await openWorld(t)
  const client = await (await world.open()).findClient('app')
  assert.ok(client)
  const find = createFindSecret(world)
  const first = await find(await world.open(), client)
  await world.store.realm('main').clientSecrets.delete('app')
  assert.equal(await find(await world.open(), client), first)
  await keep(world, client, 'another secret of forty-three characters 0001')
  await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
  assert.equal(
    (await present(world, assertionWith({}, {}, 'another secret of forty-three characters 0001'))).clientId,
    'app',
  )
})

const NEXT_KEY = Buffer.alloc(32, 8).toString('base64url')

test('NIST SP 800-53 SC-28 – after a change of keys the secret opens with the previous one, and is sealed again', async (t) => {
  const world = await openWorld(t)
  const realm = await world.open()
  const client = await realm.findClient('app')
  assert.ok(client)
  const finderWith = (params: { encryption_key?: string; previous_encryption_key?: string }) =>
    createFindSecret({ config: { secrets_params: params }, random: systemRandom, log: world.log })
  const text = async (find: ReturnType<typeof finderWith>): Promise<string | undefined> =>
    (await find(realm, client))?.export().toString()
  assert.equal(await text(finderWith({ encryption_key: NEXT_KEY })), undefined)
  const both = { encryption_key: NEXT_KEY, previous_encryption_key: ENCRYPTION_KEY }
  assert.equal(await text(finderWith(both)), SECRET)
  assert.equal(await text(finderWith({ encryption_key: NEXT_KEY })), SECRET)
})

test('T-JW-08 – without a key to seal with, no client can have this method', async (t) => {
  const world = await openTokenWorld(t)
  const client = await world.addClient({ token_endpoint_auth_method: 'client_secret_jwt' })
  const keepSecret = createKeepSecret({ ...world, config: { secrets_params: {} } })
  await assert.rejects(keepSecret(world.store.realm('main'), client, SECRET), { code: 'unprocessable' })
  assert.equal(await world.store.realm('main').clientSecrets.find('app'), undefined)
})
