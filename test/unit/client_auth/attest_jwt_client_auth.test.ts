/** Attestation-Based Client Authentication – attestations and proofs that are wrong in one thing each, and right ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import type { SigningAlg } from '../../../src/oauth/signing_algs.ts'
import { createAttester, createInstance } from '../../support/attestation.ts'
import {
  codeRequest,
  createKey,
  forgedJwts,
  grantedWith,
  ISSUER,
  macAny,
  openTokenWorld,
  publicJwkOf,
  publish,
  refreshRequest,
  START,
  signAny,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const INVALID_CLIENT = { code: 'invalid_client', status: 401 }
const NOW = START / 1000

const attester = createAttester('https://attester.example')
const other = createAttester('https://other.example')
const instance = createInstance()

type Test = Parameters<typeof openTokenWorld>[0]
type Shown = { attestation?: string | undefined; attestationPop?: string | undefined }

const trust = (world: TokenWorld, client_attesters: ClientMetadata['client_attesters']): Promise<boolean> =>
  world.change((realm) =>
    world.store.realms.update('main', { ...realm.settings, ...(client_attesters && { client_attesters }) }, START),
  )

/** A realm that trusts the attester, and a client in it. */
const openWorld = async (t: Test, metadata: Partial<ClientMetadata> = {}): Promise<TokenWorld> => {
  const world = await openTokenWorld(t)
  await world.addClient(
    { token_endpoint_auth_method: 'attest_jwt_client_auth', ...metadata },
    { secretHash: undefined },
  )
  await trust(world, [attester.registered])
  return world
}

let count = 0

/** From an address of its own each time, so that failures do not add up. */
const requestWith = (shown: Shown, parameters: Record<string, string> = {}) => {
  count += 1
  const ip = `192.0.${Math.floor(count / 256)}.${count % 256}`
  return tokenRequest(parameters, { authorization: undefined, ip, ...shown })
}

const right = (changes: Shown = {}): Shown => ({
  attestation: attester.attest('app', instance, NOW),
  attestationPop: instance.prove(ISSUER, NOW),
  ...changes,
})

const present = async (world: TokenWorld, shown: Shown, parameters: Record<string, string> = {}): Promise<Client> =>
  await world.authenticateClient(await world.open(), requestWith(shown, parameters))

type Changes = Parameters<typeof attester.attest>[3]

const attestationWith = (changes: Changes): Shown =>
  right({ attestation: attester.attest('app', instance, NOW, changes) })
const popWith = (changes: Changes): Shown => right({ attestationPop: instance.prove(ISSUER, NOW, changes) })

const wrong: Record<string, () => Shown> = {
  '§7.1 – no attestation': () => right({ attestation: undefined }),
  '§7.1 – two attestations': () => right({ attestation: `${right().attestation},${right().attestation}` }),
  '§4 – an attestation of another type': () => attestationWith({ header: { typ: 'JWT' } }),
  '§4 – an attestation without a type': () => attestationWith({ header: { typ: undefined } }),
  '§4 – an attestation without sub': () => attestationWith({ claims: { sub: undefined } }),
  '§4 – an attestation of an unknown client': () => attestationWith({ claims: { sub: 'nobody' } }),
  '§4 – an attestation without exp': () => attestationWith({ claims: { exp: undefined } }),
  '§4 – an attestation with an exp that is text': () => attestationWith({ claims: { exp: String(NOW + 60) } }),
  '§4 – an attestation without cnf': () => attestationWith({ claims: { cnf: undefined } }),
  '§4 – an attestation with a thumbprint as cnf': () => attestationWith({ claims: { cnf: { jkt: 'x'.repeat(43) } } }),
  '§7.1 – an attestation of a private key': () =>
    attestationWith({ claims: { cnf: { jwk: instance.privateKey.export({ format: 'jwk' }) } } }),
  '§7.1 – an attestation of a secret': () => attestationWith({ claims: { cnf: { jwk: { kty: 'oct', k: 'AAAA' } } } }),
  '§7.1 – an attestation that is not valid yet': () => attestationWith({ claims: { nbf: NOW + 60 } }),
  '§7.1 – an attestation from the future': () => attestationWith({ claims: { iat: NOW + 60 } }),
  '§7.1 – an attester that nobody trusts': () => right({ attestation: other.attest('app', instance, NOW) }),
  '§7.1 – an attester under the name of another': () =>
    right({ attestation: other.attest('app', instance, NOW, { claims: { iss: 'https://attester.example' } }) }),
  '§7.1 – the name of another under a right key': () => attestationWith({ claims: { iss: 'https://other.example' } }),
  '§12.2 – a MAC under the public key of the attester': () =>
    right({
      attestation: macAny(
        attester.publicKey.export({ type: 'spki', format: 'pem' }),
        { typ: 'oauth-client-attestation+jwt', alg: 'HS256' },
        { iss: 'https://attester.example', sub: 'app', exp: NOW + 60, cnf: { jwk: instance.jwk } },
      ),
    }),
  '§7.2 – no proof': () => right({ attestationPop: undefined }),
  '§7.2 – two proofs': () => right({ attestationPop: `${right().attestationPop},${right().attestationPop}` }),
  '§5.1 – a proof of another type': () => popWith({ header: { typ: 'dpop+jwt' } }),
  '§5.1 – a proof without aud': () => popWith({ claims: { aud: undefined } }),
  '§7.2 – a proof for the token endpoint': () => popWith({ claims: { aud: `${ISSUER}/token` } }),
  '§7.2 – a proof for two': () => popWith({ claims: { aud: [ISSUER, 'https://other.example'] } }),
  '§7.2 – a proof for another realm': () => popWith({ claims: { aud: `${ISSUER}/realms/other` } }),
  '§5.1 – a proof without jti': () => popWith({ claims: { jti: undefined } }),
  '§5.1 – a proof with a long jti': () => popWith({ claims: { jti: 'x'.repeat(257) } }),
  '§5.1 – a proof without iat': () => popWith({ claims: { iat: undefined } }),
  '§7.2 – a proof that is too old': () => popWith({ claims: { iat: NOW - 301 } }),
  '§7.2 – a proof from the future': () => popWith({ claims: { iat: NOW + 11 } }),
  '§5.1 – a proof that has expired': () => popWith({ claims: { exp: NOW } }),
  '§7.2 – a proof by another key': () => right({ attestationPop: createInstance().prove(ISSUER, NOW) }),
  '§7.2 – a proof by the key of the attester': () =>
    right({
      attestationPop: signAny(
        'ES256',
        attester.privateKey,
        { typ: 'oauth-client-attestation-pop+jwt', alg: 'ES256' },
        { aud: ISSUER, jti: 'x', iat: NOW },
      ),
    }),
  '§7.2 – the attestation as its own proof': () => right({ attestationPop: right().attestation }),
  '§7 – both the wrong way round': () => ({ attestation: right().attestationPop, attestationPop: right().attestation }),
}
for (const [name, make] of Object.entries(wrong))
  test(`Attestation-Based Client Authentication ${name} is refused`, async (t) => {
    const world = await openWorld(t)
    await assert.rejects(present(world, make()), INVALID_CLIENT)
    assert.equal((await present(world, right())).clientId, 'app')
  })

test('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-21 Attestation-Based Client Authentication §7.1 – forged attestations and proofs are refused', async (t) => {
  const world = await openWorld(t)
  const attestation = {
    header: { typ: 'oauth-client-attestation+jwt', alg: 'ES256', kid: 'a1' },
    claims: { iss: 'https://attester.example', sub: 'app', exp: NOW + 60, cnf: { jwk: instance.jwk } },
  }
  for (const [name, token] of forgedJwts(attestation.claims, attestation.header, attester))
    await assert.rejects(present(world, right({ attestation: token })), INVALID_CLIENT, name)
  const pop = { header: { typ: 'oauth-client-attestation-pop+jwt', alg: 'ES256' }, claims: { aud: ISSUER, iat: NOW } }
  for (const [name, token] of forgedJwts({ ...pop.claims, jti: 'forged' }, pop.header, instance))
    await assert.rejects(present(world, right({ attestationPop: token })), INVALID_CLIENT, name)
})

test('Attestation-Based Client Authentication §4 and §5.1 – a right pair proves its client, and claims nobody knows do no harm', async (t) => {
  const world = await openWorld(t)
  assert.equal((await present(world, right())).clientId, 'app')
  assert.equal(
    (await present(world, attestationWith({ claims: { wallet_name: 'W', iat: undefined } }))).clientId,
    'app',
  )
  assert.equal((await present(world, popWith({ claims: { challenge: 'x', iss: 'app' } }))).clientId, 'app')
  // It need not say which attester made it.
  assert.equal((await present(world, attestationWith({ claims: { iss: undefined } }))).clientId, 'app')
})

for (const alg of ['ES256', 'PS256', 'EdDSA', 'RS256'] satisfies SigningAlg[])
  test(`Attestation-Based Client Authentication §8 – ${alg} on both sides`, async (t) => {
    const world = await openWorld(t)
    const [by, of] = [createAttester('https://attester.example', alg), createInstance(alg)]
    await trust(world, [by.registered])
    const shown = { attestation: by.attest('app', of, NOW), attestationPop: of.prove(ISSUER, NOW) }
    assert.equal((await present(world, shown)).clientId, 'app')
  })

test('Attestation-Based Client Authentication §7.5 – a client_id beside it has to be the sub', async (t) => {
  const world = await openWorld(t)
  await world.addClient({ token_endpoint_auth_method: 'attest_jwt_client_auth' }, { clientId: 'second' })
  await assert.rejects(present(world, right(), { client_id: 'second' }), INVALID_CLIENT)
  assert.equal((await present(world, right(), { client_id: 'app' })).clientId, 'app')
})

test('T-CA-04 T-CA-05 Attestation-Based Client Authentication §7.5 – for clients of this method alone, and with no other beside it', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(present(world, {}, { client_id: 'app' }), INVALID_CLIENT)
  await assert.rejects(present(world, right(), { client_id: 'app', client_secret: 'x' }), { code: 'invalid_request' })
  await assert.rejects(present(world, right(), { client_assertion_type: 'x', client_assertion: 'y' }), {
    code: 'invalid_request',
  })
  for (const method of ['none', 'client_secret_basic', 'private_key_jwt'] as const) {
    await world.change(async (realm) => {
      const client = await realm.store.clients.find('app')
      assert.ok(client)
      await realm.store.clients.update({
        ...client,
        metadata: { ...client.metadata, token_endpoint_auth_method: method },
      })
    })
    await assert.rejects(present(world, right()), INVALID_CLIENT)
  }
})

test('Attestation-Based Client Authentication §7.4 – an attestation that has expired: told to who holds the key, and to nobody else', async (t) => {
  const world = await openWorld(t)
  const attestation = attester.attest('app', instance, NOW, { claims: { exp: NOW } })
  await assert.rejects(
    present(world, right({ attestation, attestationPop: createInstance().prove(ISSUER, NOW) })),
    INVALID_CLIENT,
  )
  await assert.rejects(present(world, right({ attestation })), { code: 'use_fresh_attestation', status: 400 })
})

test('Attestation-Based Client Authentication §10.2, §10.7 and §12.1 – an attestation is used often, and a proof once', async (t) => {
  const world = await openWorld(t)
  const shown = right()
  assert.equal((await present(world, shown)).clientId, 'app')
  await assert.rejects(present(world, shown), INVALID_CLIENT)
  assert.equal((await present(world, { ...shown, attestationPop: instance.prove(ISSUER, NOW) })).clientId, 'app')
  const outcomes = await Promise.allSettled(
    Array.from(
      { length: 200 },
      (
        (pop) => () =>
          present(world, right({ attestationPop: pop }))
      )(instance.prove(ISSUER, NOW)),
    ),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('Attestation-Based Client Authentication §10.8 – a client with attesters of its own is attested by no other', async (t) => {
  const world = await openWorld(t, { client_attesters: [other.registered] })
  await assert.rejects(present(world, right()), INVALID_CLIENT)
  assert.equal((await present(world, right({ attestation: other.attest('app', instance, NOW) }))).clientId, 'app')
})

test('Attestation-Based Client Authentication §10.8 – in a realm that trusts nobody, nobody is attested', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ token_endpoint_auth_method: 'attest_jwt_client_auth' })
  await assert.rejects(present(world, right()), INVALID_CLIENT)
})

test('T-SS-08 Attestation-Based Client Authentication §10.8 – keys of an attester come from its jwks_uri, and are kept', async (t) => {
  const world = await openWorld(t)
  const jwks_uri = 'https://attester.example/jwks.json'
  publish(jwks_uri, attester.jwks)
  await trust(world, [{ issuer: 'https://attester.example', jwks_uri }])
  for (let round = 0; round < 3; round++) assert.equal((await present(world, right())).clientId, 'app')
  await assert.rejects(present(world, attestationWith({ header: { kid: 'unknown' } })), INVALID_CLIENT)
  assert.equal(world.fetched.filter((url) => url === jwks_uri).length, 1)
  const next = createKey('ES256')
  publish(jwks_uri, { keys: [publicJwkOf(next, { kid: 'a2' })] })
  world.advance(60_000)
  const now = NOW + 60
  const header = { typ: 'oauth-client-attestation+jwt', alg: 'ES256', kid: 'a2' }
  const claims = { iss: 'https://attester.example', sub: 'app', exp: now + 60, cnf: { jwk: instance.jwk } }
  const attestation = signAny('ES256', next.privateKey, header, claims)
  assert.equal((await present(world, { attestation, attestationPop: instance.prove(ISSUER, now) })).clientId, 'app')
})

test('FAPI 2.0 §5.3.2.1 – not in a realm of a profile that asks for other methods', async (t) => {
  const world = await openWorld(t, {
    dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
  })
  assert.equal((await present(world, right())).clientId, 'app')
  await world.change((realm) =>
    world.store.realms.update('main', { ...realm.settings, profile: 'fapi2_security' }, START),
  )
  await assert.rejects(present(world, right()), INVALID_CLIENT)
})

test('Attestation-Based Client Authentication §10.3 – a refresh token belongs to the instance that got it', async (t) => {
  const world = await openWorld(t, { grant_types: ['authorization_code', 'refresh_token'] })
  await world.addUser()
  const ask = async (by: typeof instance, parameters: Record<string, string>) =>
    await world.exchange(
      await world.open(),
      requestWith({ attestation: attester.attest('app', by, NOW), attestationPop: by.prove(ISSUER, NOW) }, parameters),
    )
  const { response } = await ask(instance, codeRequest(await world.addCode(grantedWith())))
  const token = response.refresh_token ?? ''
  await assert.rejects(ask(createInstance(), refreshRequest(token)), { code: 'invalid_grant' })
  const next = (await ask(instance, refreshRequest(token))).response.refresh_token ?? ''
  // The binding is that of the family: it outlives the rotation.
  await assert.rejects(ask(createInstance(), refreshRequest(next)), { code: 'invalid_grant' })
  assert.notEqual((await ask(instance, refreshRequest(next))).response.access_token, undefined)
})
