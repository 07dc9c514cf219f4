/** Signing in with a JWT of an identity provider: what is refused, and who it belongs to. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Proof } from '../../../src/authentication/first_factor.ts'
import { createJwtIdpAuthentication, type UpstreamToken } from '../../../src/authentication/jwt_idp.ts'
import type { JwtIdentityProvider } from '../../../src/oauth/realm_settings.ts'
import type { SigningAlg } from '../../../src/oauth/signing_algs.ts'
import { settingsWith } from '../../support/authorization.ts'
import { limitsOfOneNode } from '../../support/limits.ts'
import {
  createKey,
  forgedJwts,
  openTokenWorld,
  publicJwkOf,
  publish,
  START,
  signAny,
  userWith,
} from '../../support/tokens.ts'

const NOW = START / 1000
const IDP = 'https://idp.example/tenant'
const JWKS = 'https://idp.example/keys'
const OTHER_IDP = 'https://other-idp.example'
const OTHER_JWKS = 'https://other-idp.example/keys'
const AUDIENCE = 'shop'

const key = createKey('ES256')
const header = { alg: 'ES256', kid: 'k1', typ: 'JWT' }

const claimsWith = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: IDP,
  sub: 'alice',
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 300,
  ...changes,
})

const tokenWith = (claims: Record<string, unknown> = {}, changes: Record<string, unknown> = {}): string =>
  signAny('ES256', key.privateKey, { ...header, ...changes }, claimsWith(claims))

const provider: JwtIdentityProvider = { jwt_issuer_uri: IDP, jwks_uri: JWKS, jwt_audience: AUDIENCE }
const otherProvider: JwtIdentityProvider = { jwt_issuer_uri: OTHER_IDP, jwks_uri: OTHER_JWKS }

let ip = 0

const openWorld = async (t: TestContext, idp_params: JwtIdentityProvider[] = [provider, otherProvider]) => {
  const world = await openTokenWorld(t)
  publish(JWKS, { keys: [publicJwkOf(key, { kid: 'k1' })] })
  publish(OTHER_JWKS, { keys: [publicJwkOf(key, { kid: 'k1' })] })
  const auth_params = { jwt_params: { idp_params, smallest_refresh_interval_seconds: 60 } }
  await world.store.realms.update('main', settingsWith({ auth_params }), START)
  await world.change(async () => undefined)
  const jwtIdps = createJwtIdpAuthentication(world)
  ip += 1
  const facts = { ip: `192.0.2.${ip % 250}`, requestId: 'request-1' }
  return {
    ...world,
    addUser: world.addUser,
    prove: async (token: string): Promise<Proof> => jwtIdps.prove(await world.open(), { token }, facts),
    proveUpstream: async (token: string, changes: Partial<UpstreamToken> = {}): Promise<Proof> =>
      jwtIdps.proveUpstream(await world.open(), {
        token,
        issuer: IDP,
        clientId: 'our-client',
        nonce: 'n-1',
        freshness: undefined,
        ...changes,
      }),
  }
}

const refusedFor = (proof: Proof): string => (proof.isProved ? 'nothing' : proof.reason)

const isAccepted = (proof: Proof): boolean => proof.isProved

test('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-05 T-JW-15 T-JW-19 T-JW-21 RFC 8725 §3.1 – forged tokens of an identity provider are refused', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  assert.equal(isAccepted(await world.prove(tokenWith())), true)
  for (const [name, token] of forgedJwts(claimsWith(), header, key))
    assert.equal(isAccepted(await world.prove(token)), false, name)
})

test('T-JW-03 RFC 7515 §4.1.3 – a key that comes in the header is not taken, however right the signature', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const own = createKey('ES256')
  for (const member of [{ jwk: publicJwkOf(own) }, { jku: 'https://evil.example/keys' }]) {
    const token = signAny('ES256', own.privateKey, { ...header, ...member }, claimsWith())
    assert.equal(refusedFor(await world.prove(token)), 'malformed_token')
  }
  assert.deepEqual(world.fetched, [])
})

test('T-JW-19 – a member that occurs twice is refused wherever it stands', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const text = JSON.stringify(claimsWith()).slice(1)
  for (const first of [
    '"iss":"https://evil.example",',
    '"aud":"other",',
    '"sub":"bob",',
    String.raw`"\u0073ub":"bob",`,
  ])
    assert.equal(
      refusedFor(await world.prove(signAny('ES256', key.privateKey, header, `{${first}${text}`))),
      'malformed_token',
    )
})

test('T-JW-05 – a token of more than 16 KiB is refused before it is parsed, and one of just that is read', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const around = tokenWith({ filling: '' }).length
  const filled = (characters: number): string => {
    for (let size = Math.floor(((characters - around) * 3) / 4) - 8; ; size++) {
      const token = tokenWith({ filling: 'x'.repeat(size) })
      if (token.length >= characters) return token
    }
  }
  assert.equal(isAccepted(await world.prove(filled(16_383).slice(0, 16_384))), true)
  assert.equal(refusedFor(await world.prove(filled(16_385))), 'malformed_token')
  assert.equal(refusedFor(await world.prove('x'.repeat(10_000_000))), 'malformed_token')
})

for (const [name, claims, reason] of [
  ['no iss', { iss: undefined }, 'unknown_issuer'],
  ['the iss of nobody', { iss: 'https://evil.example' }, 'unknown_issuer'],
  ['an iss with a slash more', { iss: `${IDP}/` }, 'unknown_issuer'],
  ['an iss in capitals', { iss: IDP.toUpperCase() }, 'unknown_issuer'],
  ['an iss with a port', { iss: 'https://idp.example:443/tenant' }, 'unknown_issuer'],
  ['an iss that begins right', { iss: 'https://idp.example' }, 'unknown_issuer'],
  ['an iss in a list', { iss: [IDP] }, 'unknown_issuer'],
  ['no aud', { aud: undefined }, 'wrong_audience'],
  ['another aud', { aud: 'other' }, 'wrong_audience'],
  ['an aud that begins right', { aud: 'shop2' }, 'wrong_audience'],
  ['an aud of other spelling', { aud: 'Shop' }, 'wrong_audience'],
  ['an empty list as aud', { aud: [] }, 'wrong_audience'],
  ['an object as aud', { aud: { shop: true } }, 'wrong_audience'],
  ['an aud in a list in a list', { aud: [[AUDIENCE]] }, 'wrong_audience'],
  ['no sub', { sub: undefined }, 'no_subject'],
  ['an empty sub', { sub: '' }, 'no_subject'],
  ['a sub that is a number', { sub: 7 }, 'no_subject'],
  ['a sub that is a list', { sub: ['alice'] }, 'no_subject'],
  ['a sub of 256 characters', { sub: 'a'.repeat(256) }, 'no_subject'],
  ['half a character as sub', { sub: '\ud800' }, 'no_subject'],
  ['no exp', { exp: undefined }, 'no_exp'],
  ['an exp that is text', { exp: String(NOW + 300) }, 'no_exp'],
  ['an exp that is null', { exp: null }, 'no_exp'],
  ['an exp that is a fraction', { exp: NOW + 0.5 }, 'no_exp'],
  ['a negative exp', { exp: -1 }, 'no_exp'],
  ['an nbf that is text', { nbf: 'now' }, 'no_usable_time'],
  ['an iat that is null', { iat: null }, 'no_usable_time'],
  ['the claims of a security event', { events: {} }, 'wrong_type'],
] as const)
  test(`T-JW-11 RFC 7519 §4.1.1 and §4.1.3 – a token with ${name} is refused, and no key is fetched for it`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    assert.equal(refusedFor(await world.prove(tokenWith(claims))), reason)
    assert.deepEqual(world.fetched, [])
  })

test('T-JW-11 RFC 7519 §4.1.4 – an exp beyond every number is refused', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const text = JSON.stringify(claimsWith()).replace(/"exp":\d+/, '"exp":1e400')
  assert.equal(refusedFor(await world.prove(signAny('ES256', key.privateKey, header, text))), 'no_exp')
})

for (const [claims, expected] of [
  [{ exp: NOW - 61 }, 'expired'],
  [{ exp: NOW - 60 }, 'expired'],
  [{ exp: NOW - 59 }, 'nothing'],
  [{ exp: NOW }, 'nothing'],
  [{ nbf: NOW + 59 }, 'nothing'],
  [{ nbf: NOW + 60 }, 'nothing'],
  [{ nbf: NOW + 61 }, 'not_valid_yet'],
  [{ iat: NOW + 59 }, 'nothing'],
  [{ iat: NOW + 60 }, 'nothing'],
  [{ iat: NOW + 61 }, 'not_valid_yet'],
  [{ iat: undefined, nbf: undefined }, 'nothing'],
  [{ iat: NOW - 1_000_000, exp: NOW + 10_000_000 }, 'nothing'],
] as const)
  test(`T-JW-22 RFC 7519 §4.1.4 – sixty seconds of leeway: ${JSON.stringify(claims)} of ${NOW}`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    assert.equal(refusedFor(await world.prove(tokenWith(claims))), expected)
  })

for (const typ of [
  'dpop+jwt',
  'logout+jwt',
  'oauth-authz-req+jwt',
  'client-authentication+jwt',
  'secevent+jwt',
  'JOSE',
])
  test(`T-JW-12 RFC 8725 §3.11 – a token of the type ${typ} is no sign-in`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    assert.equal(refusedFor(await world.prove(tokenWith({}, { typ }))), 'wrong_type')
  })

test('RFC 8725 §3.11 – the type may be JWT, that of an access token, or absent', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  for (const typ of ['JWT', 'at+jwt', 'application/at+jwt', undefined])
    assert.equal(isAccepted(await world.prove(tokenWith({}, { typ }))), true)
})

test('T-JW-18 – a token without a kid is refused, and a kid is only ever compared', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  assert.equal(refusedFor(await world.prove(tokenWith({}, { kid: undefined }))), 'no_kid')
  for (const kid of ['', '../k1', "' or 1=1", 'k1\0', 'K1', '__proto__', 'x'.repeat(4_000)])
    assert.equal(refusedFor(await world.prove(tokenWith({}, { kid }))), 'wrong_signature')
})

const algs: [SigningAlg, string][] = [
  ['ES256', 'ES256'],
  ['RS256', 'RS256'],
  ['PS256', 'PS256'],
  ['EdDSA', 'EdDSA'],
  ['EdDSA', 'Ed25519'],
]

for (const [alg, name] of algs)
  test(`T-JW-20 RFC 8725 §3.1 – ${name} is taken with its own kind of key and with no other`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    const own = createKey(alg)
    const token = signAny(alg, own.privateKey, { alg: name, kid: 'own' }, claimsWith())
    publish(JWKS, { keys: [publicJwkOf(own, { kid: 'own' })] })
    assert.equal(isAccepted(await world.prove(token)), true)
    const others = (['ES256', 'RS256', 'EdDSA'] as const).map((kind) => publicJwkOf(createKey(kind), { kid: 'own' }))
    publish(JWKS, { keys: others })
    world.advance(600_000)
    assert.equal(
      isAccepted(
        await world.prove(signAny(alg, own.privateKey, { alg: name, kid: 'own' }, claimsWith({ exp: NOW + 9_000 }))),
      ),
      false,
    )
  })

test('T-JW-20 RFC 8725 §3.1 – a key that names its algorithm verifies no other', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const rsa = createKey('RS256')
  publish(JWKS, { keys: [publicJwkOf(rsa, { kid: 'r', alg: 'PS256' })] })
  const by = (alg: 'RS256' | 'PS256'): string => signAny(alg, rsa.privateKey, { alg, kid: 'r' }, claimsWith())
  assert.equal(refusedFor(await world.prove(by('RS256'))), 'wrong_signature')
  assert.equal(isAccepted(await world.prove(by('PS256'))), true)
})

test('T-IS-08 – a token signed with the key of another provider, or of another realm, is refused', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const foreign = createKey('ES256')
  publish(OTHER_JWKS, { keys: [publicJwkOf(foreign, { kid: 'k1' })] })
  const token = signAny('ES256', foreign.privateKey, header, claimsWith())
  assert.equal(refusedFor(await world.prove(token)), 'wrong_signature')
  const there = createJwtIdpAuthentication({ ...world, ...limitsOfOneNode() }).prove(
    await world.open('other'),
    { token: tokenWith() },
    { ip: '192.0.2.251', requestId: 'r' },
  )
  assert.equal(refusedFor(await there), 'unknown_issuer')
})

test('T-SE-10 – an identity decides, whatever the users are called', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  const linked = userWith({ id: 'linked', username: 'linked', identities: [{ issuer: IDP, subject: 'alice' }] })
  await world.addUser(linked)
  const proof = await world.prove(tokenWith())
  assert.equal(proof.isProved && proof.user.id, 'linked')
})

for (const [name, user, sub] of [
  ['nobody', {}, 'bob'],
  ['a name in another spelling', { username: 'Alice' }, 'alice'],
  ['a name that only looks the same', { username: 'alice' }, 'ａlice'],
  [
    'a name by its e-mail address',
    { claims: { email: 'alice@example.com', email_verified: true } },
    'alice@example.com',
  ],
  ['a name whose owner is somebody else there', { identities: [{ issuer: IDP, subject: 'a-7' }] }, 'alice'],
  ['a name whose owner comes from elsewhere', { identities: [{ issuer: OTHER_IDP, subject: 'alice' }] }, 'alice'],
  [
    'the subject that somebody has at another provider',
    { username: 'x', identities: [{ issuer: OTHER_IDP, subject: 'alice' }] },
    'alice',
  ],
  ['the same subject in capitals', { username: 'x', identities: [{ issuer: IDP, subject: 'ALICE' }] }, 'alice'],
  ['a name with a NUL', {}, 'alice\0'],
  ['an opaque id of ours', {}, 'the-sub-of-alice'],
] as const)
  test(`T-SE-10 – ${name} is nobody's subject`, async (t) => {
    const world = await openWorld(t)
    await world.addUser({ ...user, identities: [...('identities' in user ? user.identities : [])] })
    assert.equal(refusedFor(await world.prove(tokenWith({ sub }))), 'unknown_user')
  })

test('T-LC-01 – a disabled user is refused by name and by identity', async (t) => {
  const world = await openWorld(t)
  await world.addUser({ enabled: false })
  await world.addUser({
    id: 'b',
    username: 'bob',
    enabled: false,
    identities: [{ issuer: IDP, subject: 'b-1' }],
  })
  for (const sub of ['alice', 'b-1']) assert.equal(refusedFor(await world.prove(tokenWith({ sub }))), 'disabled')
})

test('RFC 8176 §1 – the methods are those that the provider tells, when they can be such', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  for (const [amr, expected] of [
    [undefined, []],
    [
      ['pwd', 'otp', 'mfa', 'pwd'],
      ['pwd', 'otp', 'mfa'],
    ],
    ['pwd', []],
    [['pwd', 7], []],
    [['a b'], []],
    [['x'.repeat(33)], []],
    [Array.from({ length: 11 }, (_, i) => `m${i}`), []],
  ] as const) {
    const proof = await world.prove(tokenWith({ amr }))
    assert.deepEqual(proof.isProved && proof.amr, expected)
  }
})

test('a provider without jwt_audience takes a token for anybody, and with a client_id one for that client', async (t) => {
  const client = { client_id: 'our-client', authorization_endpoint: `${IDP}/a`, token_endpoint: `${IDP}/t` }
  const world = await openWorld(t, [{ ...provider, ...client }, otherProvider])
  await world.addUser()
  for (const aud of ['anybody', undefined, ['a', 'b']])
    assert.equal(isAccepted(await world.prove(tokenWith({ iss: OTHER_IDP, aud }))), true)
  assert.equal(refusedFor(await world.prove(tokenWith({ aud: 'our-client' }))), 'wrong_audience')
  const { jwt_audience: _audience, ...bare } = provider
  const other = await openWorld(t, [{ ...bare, ...client }])
  await other.addUser()
  assert.equal(refusedFor(await other.prove(tokenWith())), 'wrong_audience')
  assert.equal(isAccepted(await other.prove(tokenWith({ aud: ['x', 'our-client'] }))), true)
})

test('F-34 – while no key of the provider is known, the answer is to come back later', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  publish(JWKS, new Error('away'))
  const later = { code: 'temporarily_unavailable', status: 503, retryAfterSeconds: 5 }
  await assert.rejects(world.prove(tokenWith()), later)
  // Nobody else has to wait for it.
  assert.equal(isAccepted(await world.prove(tokenWith({ iss: OTHER_IDP }))), true)
  publish(JWKS, { keys: [publicJwkOf(key, { kid: 'k1' })] })
  world.advance(5_000)
  assert.equal(isAccepted(await world.prove(tokenWith())), true)
  publish(JWKS, new Error('away'))
  world.advance(600_000)
  assert.equal(isAccepted(await world.prove(tokenWith({ exp: NOW + 9_000 }))), true)
})

test('two hundred logins with the kid of a moment ago cause one fetch, and all of them succeed', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  await world.prove(tokenWith())
  assert.equal(world.fetched.length, 1)
  const own = createKey('ES256')
  publish(JWKS, { keys: [publicJwkOf(own, { kid: 'fresh' })] })
  world.advance(60_000)
  const token = signAny('ES256', own.privateKey, { alg: 'ES256', kid: 'fresh' }, claimsWith())
  const proofs = await Promise.all(Array.from({ length: 200 }, () => world.prove(token)))
  assert.deepEqual(new Set(proofs.map(isAccepted)), new Set([true]))
  assert.equal(world.fetched.length, 2)
})

test('T-BF-04 – who shows hundreds of tokens that are refused has to wait, and others have not', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  for (let i = 0; i < 300; i++) await world.prove('no token')
  await assert.rejects(world.prove(tokenWith()), { code: 'too_many_requests' })
  const elsewhere = createJwtIdpAuthentication({ ...world, ...limitsOfOneNode() })
  const facts = { ip: '203.0.113.9', requestId: 'r' }
  assert.equal(isAccepted(await elsewhere.prove(await world.open(), { token: tokenWith() }, facts)), true)
})

const idTokenClaims = { aud: 'our-client', nonce: 'n-1' }

test('OpenID Connect Core §3.1.3.7 – the ID token of a sign-in that began here is taken', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  for (const claims of [{}, { aud: ['our-client'] }, { azp: 'our-client', aud: ['our-client', 'x'] }])
    assert.equal(isAccepted(await world.proveUpstream(tokenWith({ ...idTokenClaims, ...claims }))), true)
})

for (const [name, claims, reason] of [
  ['no nonce', { nonce: undefined }, 'wrong_nonce'],
  ['the nonce of another sign-in', { nonce: 'n-2' }, 'wrong_nonce'],
  ['a nonce that is a list', { nonce: ['n-1'] }, 'wrong_nonce'],
  ['another audience', { aud: AUDIENCE }, 'wrong_audience'],
  ['two audiences and no azp', { aud: ['our-client', 'x'] }, 'wrong_authorized_party'],
  ['another azp', { azp: 'x' }, 'wrong_authorized_party'],
  ['no iat', { iat: undefined }, 'no_usable_time'],
  ['another issuer', { iss: OTHER_IDP }, 'unknown_issuer'],
] as const)
  test(`T-SE-14 OpenID Connect Core §3.1.3.7 – an ID token with ${name} is refused`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    assert.equal(refusedFor(await world.proveUpstream(tokenWith({ ...idTokenClaims, ...claims }))), reason)
  })

test('T-JW-12 – an access token is no ID token', async (t) => {
  const world = await openWorld(t)
  await world.addUser()
  assert.equal(refusedFor(await world.proveUpstream(tokenWith(idTokenClaims, { typ: 'at+jwt' }))), 'wrong_type')
})

for (const [auth_time, evidence, expected] of [
  [undefined, 'required', 'signed_in_too_long_ago'],
  [undefined, 'if_given', 'nothing'],
  ['now', 'if_given', 'signed_in_too_long_ago'],
  [NOW - 161, 'if_given', 'signed_in_too_long_ago'],
  [NOW - 160, 'required', 'nothing'],
  [NOW, 'required', 'nothing'],
] as const)
  test(`T-SE-17 OpenID Connect Core §3.1.2.1 – signed in no more than 100 s ago, ${evidence}: auth_time ${auth_time}`, async (t) => {
    const world = await openWorld(t)
    await world.addUser()
    const freshness = { since: START - 100_000, evidence }
    const token = tokenWith({ ...idTokenClaims, auth_time })
    assert.equal(refusedFor(await world.proveUpstream(token, { freshness })), expected)
  })
