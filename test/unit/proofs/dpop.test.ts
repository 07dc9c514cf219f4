import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { OAuthError } from '../../../src/oauth/errors.ts'
import type { DpopNoncePolicy } from '../../../src/oauth/realm_settings.ts'
import { createDpop } from '../../../src/proofs/dpop.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { settingsWith } from '../../support/authorization.ts'
import { createTestDatabase, silentLog } from '../../support/databases.ts'
import { createProofKey, type ProofKey } from '../../support/dpop.ts'
import {
  createKey,
  createTokenWorld,
  forgedJwts,
  publicJwkOf,
  START,
  signAny,
  type TokenWorld,
} from '../../support/tokens.ts'

const URL_CALLED = 'https://sso.example/token'
const TOKEN = 'the.access.token'
const NOW = START / 1000

let world: TokenWorld
let drop: () => Promise<void>
let key: ProofKey
let rsa: ReturnType<typeof createKey>

before(async () => {
  const made = await createTestDatabase('sqlite')
  drop = made.drop
  const database = made.connect()
  await migrate(database, 'primary', silentLog)
  world = await createTokenWorld(database)
  key = createProofKey()
  rsa = createKey('RS256')
})
after(() => drop())

const verify = async (header: string, accessToken?: string, method = 'POST') => {
  const realm = await world.open()
  return await createDpop(world).verify(realm, { header, method, urls: [URL_CALLED], accessToken })
}

const right = (changes: Partial<Parameters<ProofKey['prove']>[0]> = {}): string =>
  key.prove({ url: URL_CALLED, iat: NOW, ...changes })

const claim = (claims: Record<string, unknown>) => (): string => right({ claims })
const header = (changes: Record<string, unknown>) => (): string => right({ header: changes })
const htu = (value: unknown) => claim({ htu: value })

const wrong: Record<string, () => string> = {
  'check 1: two proofs': () => `${right()}, ${right()}`,
  'check 2: no JWT': () => 'proof',
  'check 2: nothing': () => '',
  'check 3: no jti': claim({ jti: undefined }),
  'check 3: an empty jti': claim({ jti: '' }),
  'check 3: a jti that is a number': claim({ jti: 1 }),
  'check 3: a jti of 257 characters': claim({ jti: 'x'.repeat(257) }),
  'check 3: no htm': claim({ htm: undefined }),
  'check 3: no htu': htu(undefined),
  'check 3: no iat': claim({ iat: undefined }),
  'check 3: an iat that is text': claim({ iat: String(NOW) }),
  'check 4: no typ': header({ typ: undefined }),
  'check 4: the typ JWT': header({ typ: 'JWT' }),
  'check 4: the typ at+jwt': header({ typ: 'at+jwt' }),
  'check 5: no alg': header({ alg: undefined }),
  'check 5: alg none': header({ alg: 'none' }),
  'RFC 9449 §11.6 check 5: alg HS256': header({ alg: 'HS256' }),
  'check 5: alg RS256': () =>
    right({ header: { alg: 'RS256', jwk: publicJwkOf(rsa) }, signWith: { alg: 'RS256', key: rsa.privateKey } }),
  'check 5: alg PS256 for an EC key': header({ alg: 'PS256' }),
  'check 6: the signature of another key': () =>
    right({ signWith: { alg: 'ES256', key: createKey('ES256').privateKey } }),
  'check 6: a changed payload': () => {
    const [head, , tail] = right().split('.')
    const body = Buffer.from(JSON.stringify({ jti: 'x', htm: 'POST', htu: URL_CALLED, iat: NOW })).toString('base64url')
    return `${head}.${body}.${tail}`
  },
  'check 7: a private key': () => right({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } }),
  'check 7: a symmetric key': header({ jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
  'check 7: no jwk': header({ jwk: undefined }),
  'check 7: a jwk that is text': header({ jwk: 'key' }),
  'check 7: a jwk that is a list': header({ jwk: [] }),
  'check 7: a jwk for encryption': () => right({ header: { jwk: { ...key.jwk, use: 'enc' } } }),
  'check 8: another method': claim({ htm: 'GET' }),
  'check 8: the method in another case': claim({ htm: 'post' }),
  'check 9: another path': htu('https://sso.example/userinfo'),
  'check 9: the path in another case': htu('https://sso.example/Token'),
  'check 9: a path that goes on': htu('https://sso.example/token/'),
  'check 9: another host': htu('https://evil.example/token'),
  'check 9: another port': htu('https://sso.example:8443/token'),
  'check 9: another scheme': htu('http://sso.example/token'),
  'check 9: a user before the host': htu('https://sso.example@sso.example/token'),
  'check 9: no URL': htu('/token'),
  'check 9: a list': htu([URL_CALLED]),
  'check 11: an iat of 61 seconds ago': claim({ iat: NOW - 61 }),
  'check 11: an iat in 11 seconds': claim({ iat: NOW + 11 }),
  'check 11: an iat of an hour ago': claim({ iat: NOW - 3600 }),
  'check 11: an iat in an hour': claim({ iat: NOW + 3600 }),
}

const refused = (code: string) => (error: unknown) => (error as OAuthError).code === code

describe('RFC 9449 §4.3 – a proof that is wrong in one thing', () => {
  for (const [name, make] of Object.entries(wrong))
    test(`T-DP-03 RFC 9449 §4.3 – ${name} is refused`, async () => {
      await assert.rejects(verify(make()), refused('invalid_dpop_proof'))
    })

  for (const [name, ath] of Object.entries({
    'no ath': undefined,
    'an empty ath': '',
    'the ath of another token': 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    'the token itself as ath': TOKEN,
  }))
    test(`T-DP-03 RFC 9449 §4.3 – check 12: ${name} is refused`, async () => {
      await assert.rejects(verify(right({ claims: { ath } }), TOKEN), refused('invalid_dpop_proof'))
    })

  test('T-DP-03 RFC 9449 §4.3 – a JWT that every reader has to refuse is refused here', async () => {
    const claims = { jti: 'x', htm: 'POST', htu: URL_CALLED, iat: NOW }
    const forged = forgedJwts(claims, { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk }, key)
    forged.delete('an embedded jwk')
    for (const [name, jwt] of forged) await assert.rejects(verify(jwt), refused('invalid_dpop_proof'), name)
  })
})

describe('RFC 9449 §4.3 – a proof that is right', () => {
  const accepted: Record<string, () => string> = {
    'a query and a fragment in htu': htu(`${URL_CALLED}?a=1#b`),
    'RFC 3986 §6.2.2: scheme and host in upper case': htu('HTTPS://SSO.EXAMPLE/token'),
    'RFC 3986 §6.2.3: the default port': htu('https://sso.example:443/token'),
    'an iat of 60 seconds ago': claim({ iat: NOW - 60 }),
    'an iat in 10 seconds': claim({ iat: NOW + 10 }),
    'nbf and exp': claim({ nbf: NOW - 1, exp: NOW + 60 }),
    'further claims': claim({ extra: { a: 1 } }),
    'further header members': header({ kid: 'mine', extra: 1 }),
    'the long media type': header({ typ: 'application/DPoP+JWT' }),
  }
  for (const [name, make] of Object.entries(accepted))
    test(`RFC 9449 §4.3 – ${name} is accepted`, async () => {
      assert.equal((await verify(make())).jkt, key.jkt)
    })

  for (const alg of ['ES256', 'PS256', 'EdDSA'] as const)
    test(`RFC 9449 §5.1 – ${alg} is accepted`, async () => {
      const other = createProofKey(alg)
      assert.equal((await verify(other.prove({ url: URL_CALLED, iat: NOW }))).jkt, other.jkt)
    })

  test('RFC 9449 §4.2 – the thumbprint is that of the key, however its jwk is written', async () => {
    const jwk = { ...key.jwk, kid: 'a', alg: 'ES256', use: 'sig' }
    assert.equal((await verify(right({ header: { jwk } }))).jkt, key.jkt)
  })

  test('RFC 9449 §4.3 – the hash of the access token is accepted', async () => {
    assert.equal((await verify(right({ accessToken: TOKEN, method: 'GET' }), TOKEN, 'GET')).jkt, key.jkt)
  })
})

describe('RFC 9449 §11.1 – one use', () => {
  test('T-DP-01 RFC 9449 §11.1 – a mark outlives every moment at which its proof would be accepted', async () => {
    for (const iat of [NOW - 60, NOW, NOW + 10]) {
      const { purgeAfter } = await verify(right({ iat }))
      assert.ok(purgeAfter > (iat + 61) * 1000)
    }
  })

  test('T-DP-01 RFC 9449 §11.1 – a proof is refused a second time, and after the purge of what is over', async () => {
    const realm = await world.open()
    const dpop = createDpop(world)
    const proof = await verify(right())
    await dpop.use(realm, 'app', proof)
    await world.store.purgeExpired(world.clock.now(), 1000)
    await assert.rejects(createDpop(world).use(realm, 'app', proof), refused('invalid_dpop_proof'))
  })

  test('T-DP-01 RFC 9449 §11.1 – a client beyond its quota is told to wait, and what it used before stays used', async () => {
    const realm = await world.open()
    const dpop = createDpop(world, { maxProofs: 3 })
    const first = await verify(right())
    await dpop.use(realm, 'flood', first)
    for (let count = 0; count < 2; count++) await dpop.use(realm, 'flood', await verify(right()))
    await assert.rejects(dpop.use(realm, 'flood', await verify(right())), refused('too_many_requests'))
    await assert.rejects(createDpop(world).use(realm, 'flood', first), refused('invalid_dpop_proof'))
    await dpop.use(realm, 'another', await verify(right()))
  })

  test('RFC 9449 §11.1 – the same jti of another key is another proof', async () => {
    const realm = await world.open()
    const dpop = createDpop(world)
    await dpop.use(realm, 'app', await verify(right({ claims: { jti: 'one' } })))
    const other = createProofKey()
    await dpop.use(realm, 'app', await verify(other.prove({ url: URL_CALLED, iat: NOW, claims: { jti: 'one' } })))
  })
})

describe('RFC 9449 §8 – nonces', () => {
  const setPolicy = (policy: DpopNoncePolicy) =>
    world.change((realm) =>
      world.store.realms.update(realm.id, settingsWith({ dpop_nonce: policy }), world.clock.now()),
    )

  /** As another node over the same database. */
  const nonceOf = async (): Promise<string> => (await createDpop(world).freshNonce(await world.open())) ?? ''

  const nowProof = (claims: Record<string, unknown>): string =>
    key.prove({ url: URL_CALLED, iat: world.clock.now() / 1000, claims })

  test('T-DP-08 RFC 9449 §8 – a realm without nonces gives none', async () => {
    assert.equal(await createDpop(world).freshNonce(await world.open()), undefined)
  })

  test('T-DP-08 RFC 9449 §8 – where nonces are required, a missing, wrong or old one is answered with a fresh one', async () => {
    await setPolicy('required')
    const old = await nonceOf()
    world.advance(6 * 60_000)
    for (const nonce of [undefined, '', 'x', 1, old]) {
      await assert.rejects(verify(nowProof({ nonce })), (error: OAuthError) => {
        assert.equal(error.code, 'use_dpop_nonce')
        assert.match(error.headers['dpop-nonce'] ?? '', /^[A-Za-z0-9_-]{43}$/)
        return true
      })
    }
  })

  test('T-DP-08 RFC 9449 §8 – what one node gives another accepts, in the next window and when its clock is behind', async () => {
    const nonce = await nonceOf()
    await verify(nowProof({ nonce }))
    world.advance(120_000)
    await verify(nowProof({ nonce }))
    const ahead = await nonceOf()
    world.advance(-120_000)
    await verify(nowProof({ nonce: ahead }))
  })

  test('RFC 9449 §11.1 – a fresh nonce stands for the time, whatever the iat says', async () => {
    const { purgeAfter } = await verify(nowProof({ nonce: await nonceOf(), iat: NOW - 3600 }))
    assert.ok(purgeAfter > world.clock.now() + 360_000)
  })

  test('RFC 9449 §11.3 – where nonces are optional, one that is shown has to be right', async () => {
    await setPolicy('optional')
    await assert.rejects(verify(nowProof({ nonce: 'x' })), refused('use_dpop_nonce'))
    await verify(nowProof({}))
    await verify(nowProof({ nonce: await nonceOf() }))
  })

  test('T-DP-08 RFC 9449 §8 – the nonce of another realm is not accepted', async () => {
    const { store, clock } = world
    await store.realms.update('other', settingsWith({ dpop_nonce: 'required' }), clock.now())
    world.realms.forget('other')
    const foreign = await createDpop(world).freshNonce(await world.open('other'))
    assert.ok(foreign)
    await assert.rejects(verify(nowProof({ nonce: foreign })), refused('use_dpop_nonce'))
  })
})

test('RFC 9449 §4.3 – a proof whose header names a member twice is refused', async () => {
  const twice = signAny('ES256', key.privateKey, '{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"ES256"}', {})
  await assert.rejects(verify(twice), refused('invalid_dpop_proof'))
})
