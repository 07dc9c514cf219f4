import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import type { Client, ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import type { SigningAlg } from '../../../src/oauth/signing_algs.ts'
import {
  createKey,
  encodePart,
  forgedJwts,
  ISSUER,
  openTokenWorld,
  publicJwkOf,
  publish,
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
const header = { alg: 'ES256', kid: 'k1', typ: 'client-authentication+jwt' }

let count = 0

const claimsWith = (changes: Record<string, unknown> = {}): Record<string, unknown> => {
  count += 1
  return { iss: 'app', sub: 'app', aud: ISSUER, jti: `jti-${count}`, iat: NOW, exp: NOW + 60, ...changes }
}

const assertionWith = (claims: Record<string, unknown> = {}, changes: Record<string, unknown> = {}): string =>
  signAny('ES256', key.privateKey, { ...header, ...changes }, claimsWith(claims))

const openWorld = async (
  t: Parameters<typeof openTokenWorld>[0],
  metadata: Partial<ClientMetadata> = {},
): Promise<TokenWorld> => {
  const world = await openTokenWorld(t)
  const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }
  await world.addClient({ token_endpoint_auth_method: 'private_key_jwt', jwks, ...metadata })
  return world
}

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

test('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-05 T-JW-15 T-JW-21 RFC 8725 §3.1 – forged assertions are refused', async (t) => {
  const world = await openWorld(t)
  for (const [name, token] of forgedJwts(claimsWith(), header, key)) {
    await assert.rejects(present(world, token), INVALID_CLIENT, name)
  }
})

test('T-JW-03 RFC 7515 §4.1.3 – a key that comes in the header is not taken, however right the signature', async (t) => {
  const world = await openWorld(t)
  const own = createKey('ES256')
  for (const member of [{ jwk: publicJwkOf(own) }, { jku: 'https://evil.example/jwks.json' }]) {
    await assert.rejects(
      present(world, signAny('ES256', own.privateKey, { ...header, ...member }, claimsWith())),
      INVALID_CLIENT,
    )
  }
})

const audiences: [string, unknown][] = [
  ['the token endpoint', `${ISSUER}/token`],
  ['the PAR endpoint', `${ISSUER}/par`],
  ['the issuer in a list', [ISSUER]],
  ['the issuer and another', [ISSUER, 'https://other.example']],
  ['a slash at the end', `${ISSUER}/`],
  ['an upper-case host', 'https://SSO.example'],
  ['another realm', `${ISSUER}/realms/other`],
  ['nothing', undefined],
  ['an empty list', []],
  ['an object', { [ISSUER]: true }],
]

for (const [name, aud] of audiences) {
  test(`T-CA-01 N-75-01 N-75-02 RFC 7523 §3 – an assertion for ${name} is refused`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, assertionWith({ aud })), INVALID_CLIENT)
  })
}

const wrongClaims: [string, Record<string, unknown>][] = [
  ['no iss', { iss: undefined }],
  ['another iss', { iss: 'other' }],
  ['no sub', { sub: undefined }],
  ['a sub that is a list', { sub: ['app'], iss: ['app'] }],
  ['no exp', { exp: undefined }],
  ['no jti', { jti: undefined }],
  ['an empty jti', { jti: '' }],
  ['a jti that is a number', { jti: 1 }],
  ['a jti of 257 characters', { jti: 'x'.repeat(257) }],
  ...['1767225700', NOW + 1.5, -1, null, [NOW], {}, true, 2 ** 60].map((exp): [string, Record<string, unknown>] => [
    `an exp of ${JSON.stringify(exp)}`,
    { exp },
  ]),
  ...['now', NOW + 0.5, -1, null].flatMap((value): [string, Record<string, unknown>][] => [
    [`an iat of ${JSON.stringify(value)}`, { iat: value }],
    [`an nbf of ${JSON.stringify(value)}`, { nbf: value }],
  ]),
]

for (const [name, claims] of wrongClaims) {
  test(`T-JW-11 RFC 7523 §3 – an assertion with ${name} is refused`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, assertionWith(claims)), INVALID_CLIENT)
  })
}

test('T-JW-11 RFC 7519 §4.1.4 – an exp beyond every number is refused', async (t) => {
  const world = await openWorld(t)
  const text = JSON.stringify(claimsWith()).replace(/"exp":\d+/, '"exp":1e400')
  await assert.rejects(present(world, signAny('ES256', key.privateKey, header, text)), INVALID_CLIENT)
})

for (const [name, claims, isAccepted] of [
  ['exp now', { exp: NOW }, false],
  ['exp in a second', { exp: NOW + 1 }, true],
  ['exp five minutes ago', { exp: NOW - 300 }, false],
  ['exp in five minutes', { exp: NOW + 300 }, true],
  ['exp in five minutes by a clock ten seconds ahead', { iat: NOW + 10, exp: NOW + 310 }, true],
  ['exp later than that', { exp: NOW + 311 }, false],
  ['iat 8 s ahead', { iat: NOW + 8 }, true],
  ['iat and nbf 10 s ahead', { iat: NOW + 10, nbf: NOW + 10 }, true],
  ['iat 60 s ahead', { iat: NOW + 60, exp: NOW + 120 }, false],
  ['nbf 60 s ahead', { nbf: NOW + 60, exp: NOW + 120 }, false],
  ['nbf 11 s ahead', { nbf: NOW + 11 }, false],
  ['iat absent', { iat: undefined }, true],
] as const) {
  test(`T-JW-22 FAPI 2.0 §5.3.2.1 – ${name} is ${isAccepted ? 'accepted' : 'refused'}`, async (t) => {
    const world = await openWorld(t)
    const attempt = present(world, assertionWith(claims))
    if (isAccepted) assert.equal((await attempt).clientId, 'app')
    else await assert.rejects(attempt, INVALID_CLIENT)
  })
}

for (const typ of ['at+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'logout+jwt', 'application/at+jwt', 'JOSE']) {
  test(`T-JW-12 N-75-03 RFC 8725 §3.11 – a token of the type ${typ} is no assertion`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, assertionWith({}, { typ })), INVALID_CLIENT)
  })
}

test('N-75-03 RFC 8725 §3.11 – the type may be the long one, JWT or absent', async (t) => {
  const world = await openWorld(t)
  for (const typ of ['client-authentication+jwt', 'application/Client-Authentication+JWT', 'JWT', 'jwt', undefined]) {
    assert.equal((await present(world, assertionWith({}, { typ }))).clientId, 'app')
  }
})

test('RFC 7521 §4.2 – another assertion type, or none, is refused', async (t) => {
  const world = await openWorld(t)
  for (const type of ['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer']) {
    await assert.rejects(present(world, assertionWith(), { client_assertion_type: type }), INVALID_CLIENT)
  }
})

test('RFC 7521 §4.2 – a client_id beside the assertion has to be its own', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(present(world, assertionWith(), { client_id: 'other' }), INVALID_CLIENT)
  assert.equal((await present(world, assertionWith(), { client_id: 'app' })).clientId, 'app')
})

test('T-CA-05 T-JW-10 RFC 6749 §2.3 – the assertion of a client that is registered for another method is refused', async (t) => {
  const world = await openWorld(t, { token_endpoint_auth_method: 'client_secret_basic' })
  await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
})

test('RFC 7591 §2 – an algorithm other than the registered one is refused', async (t) => {
  const world = await openWorld(t, { token_endpoint_auth_signing_alg: 'PS256' })
  await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
})

test('T-CA-02 T-JW-14 RFC 7523 §3 – an assertion counts once, by its jti and not by its spelling', async (t) => {
  const world = await openWorld(t)
  const assertion = assertionWith()
  assert.equal((await present(world, assertion)).clientId, 'app')
  await assert.rejects(present(world, assertion), INVALID_CLIENT)
  await assert.rejects(present(world, assertionWith({ jti: 'jti-again' }).replace(/.$/, '')), INVALID_CLIENT)
  assert.equal((await present(world, assertionWith({ jti: 'jti-again' }))).clientId, 'app')
  // Another signature over the same jti, and one with other times, are the same assertion.
  await assert.rejects(present(world, assertionWith({ jti: 'jti-again' })), INVALID_CLIENT)
  await assert.rejects(present(world, assertionWith({ jti: 'jti-again', exp: NOW + 90 })), INVALID_CLIENT)
})

test('T-JW-14 RFC 7523 §3 – a jti is one client’s own, and nobody uses up that of another', async (t) => {
  const world = await openWorld(t)
  const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }
  await world.addClient({ token_endpoint_auth_method: 'private_key_jwt', jwks }, { clientId: 'second' })
  const other = { iss: 'second', sub: 'second', jti: 'the same for both' }
  assert.equal((await present(world, assertionWith({ jti: 'the same for both' }))).clientId, 'app')
  assert.equal((await present(world, assertionWith(other))).clientId, 'second')
  await assert.rejects(present(world, assertionWith(other)), INVALID_CLIENT)
})

test('T-CA-02 RFC 7523 §3 – of two hundred that show one assertion exactly one succeeds', async (t) => {
  const world = await openWorld(t)
  const assertion = assertionWith()
  const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => present(world, assertion)))
  assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
})

test('RFC 7523 §3 – the legacy switch accepts the token endpoint and lists, and says so in the log', async (t) => {
  const world = await openWorld(t, { allow_token_endpoint_audience: true })
  for (const aud of [`${ISSUER}/token`, [ISSUER], ['https://other.example', `${ISSUER}/token`]]) {
    world.lines.length = 0
    assert.equal((await present(world, assertionWith({ aud }))).clientId, 'app')
    assert.equal(world.lines.length, 1)
    assert.match(world.lines[0] ?? '', /"client_id":"app"/)
  }
  for (const aud of [`${ISSUER}/par`, 'https://other.example', [], undefined]) {
    await assert.rejects(present(world, assertionWith({ aud })), INVALID_CLIENT)
  }
})

const signers: [SigningAlg, string][] = [
  ['ES256', 'ES256'],
  ['PS256', 'PS256'],
  ['EdDSA', 'EdDSA'],
  ['EdDSA', 'Ed25519'],
  ['RS256', 'RS256'],
]

for (const [alg, name] of signers) {
  test(`RFC 7523 §3 – an assertion signed with ${name} proves its client`, async (t) => {
    const own = createKey(alg)
    const world = await openWorld(t, { jwks: { keys: [publicJwkOf(own)] } })
    const assertion = signAny(alg, own.privateKey, { alg: name }, claimsWith())
    assert.equal((await present(world, assertion)).clientId, 'app')
  })
}

test('T-JW-20 RFC 8725 §3.1 – a key that names its algorithm verifies no other', async (t) => {
  const rsa = createKey('RS256')
  const world = await openWorld(t, { jwks: { keys: [publicJwkOf(rsa, { alg: 'PS256' })] } })
  await assert.rejects(present(world, signAny('RS256', rsa.privateKey, { alg: 'RS256' }, claimsWith())), INVALID_CLIENT)
  assert.equal((await present(world, signAny('PS256', rsa.privateKey, { alg: 'PS256' }, claimsWith()))).clientId, 'app')
})

const rsaOf = (modulusLength: number, publicExponent = 65_537): { privateKey: KeyObject; publicKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })

test('T-JW-16 RFC 7518 §3.3 – keys that are too small, too large or for something else are not used', async (t) => {
  const weak = rsaOf(1024)
  const huge = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(2048, 0xff).toString('base64url') }
  const rsa = rsaOf(2048)
  const assertion = (own: { privateKey: KeyObject }): string =>
    signAny('RS256', own.privateKey, { alg: 'RS256' }, claimsWith())
  const cases: [{ privateKey: KeyObject }, unknown][] = [
    [weak, publicJwkOf(weak)],
    [rsa, huge],
    [rsa, publicJwkOf(rsa, { use: 'enc' })],
    [rsa, publicJwkOf(rsa, { key_ops: ['encrypt'] })],
    [rsa, publicJwkOf(rsa, { alg: 'RSA-OAEP' })],
    [rsa, rsa.privateKey.export({ format: 'jwk' })],
    [rsa, { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') }],
    [rsa, { kty: 'RSA' }],
    [rsa, null],
    [rsa, 'RSA'],
  ]
  const world = await openWorld(t)
  for (const [own, jwk] of cases) {
    await world.change(async (realm) => {
      const client = await realm.store.clients.find('app')
      assert.ok(client)
      const metadata = { ...client.metadata, jwks: { keys: [jwk] } } as ClientMetadata
      await realm.store.clients.update({ ...client, metadata })
    })
    await assert.rejects(present(world, assertion(own)), INVALID_CLIENT, JSON.stringify(jwk))
  }
})

test('T-JW-17 RFC 7517 §5 – at most four keys are tried, and none after the twentieth is looked at', async (t) => {
  const others = Array.from({ length: 25 }, () => createKey('ES256'))
  const jwks = { keys: others.map((other) => publicJwkOf(other)) }
  const world = await openWorld(t, { jwks })
  const by = (index: number, kid?: string): string =>
    signAny('ES256', others[index]?.privateKey as KeyObject, { alg: 'ES256', kid }, claimsWith())
  assert.equal((await present(world, by(3))).clientId, 'app')
  await assert.rejects(present(world, by(4)), INVALID_CLIENT)
  await world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    const named = { keys: others.map((other, index) => publicJwkOf(other, { kid: `k${index}` })) }
    await realm.store.clients.update({ ...client, metadata: { ...client.metadata, jwks: named } })
  })
  assert.equal((await present(world, by(19, 'k19'))).clientId, 'app')
  await assert.rejects(present(world, by(20, 'k20')), INVALID_CLIENT)
})

const JWKS_URI = 'https://client.example/jwks.json'

test('RFC 7591 §2 – the keys of a jwks_uri are kept a minute, and asked for again when a key is unknown', async (t) => {
  const world = await openWorld(t, { jwks: undefined, jwks_uri: JWKS_URI })
  const next = createKey('ES256')
  const by = (own: { privateKey: KeyObject }, kid: string): string => {
    const now = Math.floor(world.clock.now() / 1000)
    return signAny('ES256', own.privateKey, { alg: 'ES256', kid }, claimsWith({ iat: now, exp: now + 60 }))
  }
  publish(JWKS_URI, { keys: [publicJwkOf(key, { kid: 'k1' })] })
  assert.equal((await present(world, by(key, 'k1'))).clientId, 'app')
  assert.equal((await present(world, by(key, 'k1'))).clientId, 'app')
  assert.equal(world.fetched.length, 1)

  // A key nobody knows: not before half a minute has passed since the last fetch.
  publish(JWKS_URI, { keys: [publicJwkOf(key, { kid: 'k1' }), publicJwkOf(next, { kid: 'k2' })] })
  await assert.rejects(present(world, by(next, 'k2')), INVALID_CLIENT)
  assert.equal(world.fetched.length, 1)
  world.advance(30_000)
  assert.equal((await present(world, by(next, 'k2'))).clientId, 'app')
  assert.equal(world.fetched.length, 2)

  // A key that was withdrawn is gone after a minute.
  publish(JWKS_URI, { keys: [publicJwkOf(next, { kid: 'k2' })] })
  world.advance(60_000)
  await assert.rejects(present(world, by(key, 'k1')), INVALID_CLIENT)
  assert.equal(world.fetched.length, 3)
})

test('RFC 7591 §2 – a fetch that fails leaves the keys in use, is not repeated at once, and is shared by all who wait', async (t) => {
  const world = await openWorld(t, { jwks: undefined, jwks_uri: JWKS_URI })
  const fresh = (): string => {
    const now = Math.floor(world.clock.now() / 1000)
    return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claimsWith({ iat: now, exp: now + 60 }))
  }
  publish(JWKS_URI, new Error('away'))
  await assert.rejects(present(world, fresh()), INVALID_CLIENT)
  await assert.rejects(present(world, fresh()), INVALID_CLIENT)
  assert.equal(world.fetched.length, 1)
  publish(JWKS_URI, { keys: [publicJwkOf(key, { kid: 'k1' })] })
  world.advance(30_000)
  const clients = await Promise.all(Array.from({ length: 20 }, () => present(world, fresh())))
  assert.equal(clients.length, 20)
  assert.equal(world.fetched.length, 2)
  publish(JWKS_URI, new Error('away'))
  world.advance(60_000)
  assert.equal((await present(world, fresh())).clientId, 'app')
  assert.equal(world.fetched.length, 3)
})

for (const document of [null, [], 'text', {}, { keys: 'none' }, { keys: [1, null, 'x'] }]) {
  test(`RFC 7517 §5 – a document that is no JWK set gives no keys: ${JSON.stringify(document)}`, async (t) => {
    const world = await openWorld(t, { jwks: undefined, jwks_uri: JWKS_URI })
    publish(JWKS_URI, document)
    await assert.rejects(present(world, assertionWith()), INVALID_CLIENT)
  })
}

test('T-CA-10 RFC 8725 §3.9 – an assertion that nobody could have sent reaches no database', async (t) => {
  const world = await openWorld(t)
  const long = signAny('ES256', key.privateKey, header, claimsWith({ iss: 'x'.repeat(300), sub: 'x'.repeat(300) }))
  await assert.rejects(present(world, long), INVALID_CLIENT)
  await assert.rejects(present(world, `${encodePart(header)}.${encodePart({})}.AAAA`), INVALID_CLIENT)
})
