import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isStoredSigned, toStored } from '../../../src/authorization/read_request.ts'
import { createUnpackRequest } from '../../../src/authorization/request_object.ts'
import { createClientKeys } from '../../../src/client_auth/client_keys.ts'
import type { Client, ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import { toParameters } from '../../../src/oauth/parameters.ts'
import type { SigningAlg } from '../../../src/oauth/signing_algs.ts'
import { CODE_CHALLENGE, clientWith, REDIRECT_URI, realmWith } from '../../support/authorization.ts'
import { silentLog } from '../../support/databases.ts'
import { createKey, encodePart, forgedJwts, ISSUER, publicJwkOf, START, signAny } from '../../support/tokens.ts'

const NOW = START / 1000
const MINUTE = 60
const clock = { now: () => START }
const outbound = {
  getJson: async (): Promise<unknown> => {
    throw new Error('nothing there')
  },
  getText: async (): Promise<string> => {
    throw new Error('nothing there')
  },
}

const ALGS: readonly SigningAlg[] = ['ES256', 'PS256', 'EdDSA', 'RS256']
const keys = new Map(ALGS.map((alg) => [alg, createKey(alg)]))
const keyOf = (alg: SigningAlg) => keys.get(alg) ?? createKey(alg)

const jwks = { keys: ALGS.map((alg) => publicJwkOf(keyOf(alg), { kid: alg, alg, use: 'sig' })) }
const withKeys = (changes: Partial<ClientMetadata> = {}): Client => clientWith({ jwks, ...changes })
const signing = withKeys({ require_signed_request_object: true })

type Members = Record<string, unknown>

const claimsWith = (changes: Members = {}): Members => ({
  iss: 'app',
  aud: ISSUER,
  client_id: 'app',
  iat: NOW,
  nbf: NOW,
  exp: NOW + MINUTE,
  response_type: 'code',
  redirect_uri: REDIRECT_URI,
  scope: 'openid',
  state: 'inside',
  code_challenge: CODE_CHALLENGE,
  code_challenge_method: 'S256',
  ...changes,
})

const headerWith = (changes: Members = {}): Members => ({
  alg: 'ES256',
  kid: 'ES256',
  typ: 'oauth-authz-req+jwt',
  ...changes,
})

const objectWith = (claims: Members = {}, header: Members = {}): string =>
  signAny('ES256', keyOf('ES256').privateKey, headerWith(header), claimsWith(claims))

const unpackRequest = createUnpackRequest({
  clock,
  outbound,
  clientKeys: createClientKeys({ clock, outbound, log: silentLog }),
})

const unpack = (request: string, client: Client = withKeys(), beside: Record<string, string> = {}) => {
  const parameters = toParameters(Object.entries({ client_id: 'app', request, ...beside }))
  return unpackRequest(realmWith([client, clientWith({}, { clientId: 'other' })]), parameters)
}

const INVALID = { code: 'invalid_request_object', status: 400 }

test('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-05 RFC 9101 §10.1 – forged objects are refused, alg none among them', async () => {
  for (const [name, object] of forgedJwts(claimsWith(), headerWith(), keyOf('ES256'))) {
    await assert.rejects(unpack(object), INVALID, name)
  }
})

describe('RFC 9101 §6.2 – an object is refused', () => {
  const refused: [string, string, Client?][] = [
    ['of another type of token', objectWith({}, { typ: 'at+jwt' })],
    ['of the type of an assertion', objectWith({}, { typ: 'client-authentication+jwt' })],
    ['RFC 9101 §10.8 that is a plain JWT', objectWith({}, { typ: 'JWT' })],
    ['without iss', objectWith({ iss: undefined })],
    ['with another iss', objectWith({ iss: 'other' })],
    ['without aud', objectWith({ aud: undefined })],
    ['with another aud', objectWith({ aud: 'https://other.example' })],
    ['for the PAR endpoint', objectWith({ aud: `${ISSUER}/par` })],
    ['for a list without the issuer', objectWith({ aud: ['https://other.example', `${ISSUER}/`] })],
    ['T-PA-06 without client_id', objectWith({ client_id: undefined })],
    ['T-PA-06 RFC 9101 §5 of another client', objectWith({ client_id: 'other' })],
    ['T-PA-06 RFC 9101 §10.8 with the client as subject', objectWith({ sub: 'app' })],
    ['T-PA-03 RFC 9101 §4 with a request inside', objectWith({ request: 'x.y.z' })],
    ['T-PA-03 RFC 9101 §4 with a request_uri inside', objectWith({ request_uri: 'urn:x' })],
    ['that has expired', objectWith({ exp: NOW })],
    ['whose exp is text', objectWith({ exp: String(NOW + MINUTE) })],
    ['that is not valid yet', objectWith({ nbf: NOW + 62 })],
    ['made in the future', objectWith({ iat: NOW + 62 })],
    ['whose nbf is text', objectWith({ nbf: String(NOW) })],
    ['with a state that is a number', objectWith({ state: 5 })],
    ['with redirect_uri as a list', objectWith({ redirect_uri: [REDIRECT_URI] })],
    ['with a scope that is null', objectWith({ scope: null })],
    ['with max_age as a fraction', objectWith({ max_age: 1.5 })],
    ['signed by a key of another client', signAny('ES256', createKey('ES256').privateKey, headerWith(), claimsWith())],
    [
      'with an algorithm that is not the registered one',
      objectWith(),
      withKeys({ request_object_signing_alg: 'PS256' }),
    ],
    ['of a client without keys', objectWith(), clientWith()],
    ['of a client whose keys cannot be fetched', objectWith(), clientWith({ jwks_uri: 'https://app.example/jwks' })],
    ['FAPI 2.0 Message Signing §5.3.1 without exp where it has to be signed', objectWith({ exp: undefined }), signing],
    ['FAPI 2.0 Message Signing §5.3.1 without nbf where it has to be signed', objectWith({ nbf: undefined }), signing],
    ['valid for 70 minutes where it has to be signed', objectWith({ exp: NOW + 70 * MINUTE }), signing],
    ['70 minutes old where it has to be signed', objectWith({ nbf: NOW - 70 * MINUTE }), signing],
  ]
  for (const [what, object, client] of refused) {
    test(what, async () => {
      await assert.rejects(unpack(object, client), INVALID)
    })
  }

  test('T-JW-09 RFC 9101 §6.1 that is encrypted, whatever is inside', async () => {
    const header = encodePart({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
    await assert.rejects(unpack(`${header}.a2V5.aXY.${encodePart(claimsWith())}.dGFn`, signing), INVALID)
    await assert.rejects(unpack(JSON.stringify(claimsWith()), signing), INVALID)
  })

  test('T-PA-03 RFC 9101 §5 – beside a request_uri, as invalid_request', async () => {
    const beside = { request_uri: 'https://app.example/request' }
    await assert.rejects(unpack(objectWith(), withKeys(), beside), { code: 'invalid_request' })
  })

  test('RFC 9101 §5 – without a client_id beside it, or with an unknown one', async () => {
    await assert.rejects(unpack(objectWith(), withKeys(), { client_id: '' }), { code: 'invalid_request' })
    await assert.rejects(unpack(objectWith(), withKeys(), { client_id: 'nobody' }), { code: 'invalid_client' })
    await assert.rejects(unpack(objectWith(), withKeys(), { client_id: 'other' }), INVALID)
  })
})

describe('RFC 9101 §6.3 – an object is taken', () => {
  for (const alg of ALGS) {
    test(`RFC 9101 §6.2 signed with ${alg}`, async () => {
      const object = signAny(alg, keyOf(alg).privateKey, headerWith({ alg, kid: alg }), claimsWith())
      const { parameters, isSigned } = await unpack(object, withKeys({ request_object_signing_alg: alg }))
      assert.equal(parameters.get('state'), 'inside')
      assert.equal(isSigned, true)
    })
  }

  const taken: [string, string, Client?][] = [
    ['of its type in odd case', objectWith({}, { typ: 'OautH-auThZ-REQ+jWt' })],
    ['without a type', objectWith({}, { typ: undefined })],
    ['for several, this server among them', objectWith({ aud: [ISSUER, 'https://other.example'] })],
    ['that begins 8 seconds from now', objectWith({ nbf: NOW + 8 }), signing],
    ['without times where nobody asks for them', objectWith({ exp: undefined, nbf: undefined, iat: undefined })],
    ['valid for a day where nobody asks for less', objectWith({ exp: NOW + 86_400, nbf: NOW - 86_400 })],
    ['valid for 60 minutes', objectWith({ exp: NOW + 60 * MINUTE, nbf: NOW - 59 * MINUTE }), signing],
  ]
  for (const [what, object, client] of taken) {
    test(what, async () => {
      assert.equal((await unpack(object, client)).isSigned, true)
    })
  }

  test('T-PK-06 T-PA-06 – and nothing counts that stands beside it', async () => {
    const beside = { state: 'outside', nonce: 'outside', code_challenge: 'outside', scope: 'openid email' }
    const { parameters } = await unpack(objectWith(), withKeys(), beside)
    assert.equal(parameters.get('state'), 'inside')
    assert.equal(parameters.get('nonce'), undefined)
    assert.equal(parameters.get('code_challenge'), CODE_CHALLENGE)
    assert.equal(parameters.get('scope'), 'openid')
    assert.equal(parameters.has('request'), false)
  })

  test('OpenID Connect Core §6.1 – max_age as a number', async () => {
    const { parameters } = await unpack(objectWith({ max_age: 10, extra: { unknown: true } }))
    assert.equal(parameters.get('max_age'), '10')
    assert.equal(parameters.has('extra'), false)
  })
})

test('RFC 9101 §5 – a request without an object is as it was, and nobody signed it', async () => {
  const parameters = toParameters([
    ['client_id', 'app'],
    ['is_signed', 'true'],
  ])
  const unpacked = await unpackRequest(realmWith([signing]), parameters)
  assert.deepEqual(unpacked, { parameters, isSigned: false })
  assert.equal(isStoredSigned(toStored(unpacked.parameters, unpacked)), false)
  assert.equal(isStoredSigned(toStored(parameters, { isSigned: true })), true)
})
