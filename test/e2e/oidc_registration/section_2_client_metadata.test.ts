/** OpenID Connect Dynamic Client Registration §2 and JARM §3 – what a client may be registered for, and what makes no sense. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createEncryptionPair } from '../../support/encryption.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createKey, publicJwkOf } from '../../support/tokens.ts'

const base = { redirect_uris: ['https://client.example/callback'] }
const rsa = createEncryptionPair('RSA')
const ec = createEncryptionPair('P-256')

let server: TestServer

before(async () => {
  server = await startServer()
})
after(() => server.close())

const register = (members: Record<string, unknown>) =>
  server.admin.request('POST', '/admin/realm/main/client', { json: { ...base, ...members } })

for (const response of ['id_token', 'userinfo', 'authorization']) {
  const alg = `${response}_encrypted_response_alg`
  const enc = `${response}_encrypted_response_enc`
  const jwks = { keys: [rsa.jwk] }
  const refused: [string, Record<string, unknown>, RegExp][] = [
    ['enc without alg', { [enc]: 'A256GCM', jwks }, new RegExp(`^${enc}: is of no use without ${alg}$`)],
    ['alg without enc', { [alg]: 'RSA-OAEP-256', jwks }, new RegExp(`^${enc}: is needed with ${alg}`)],
    ['alg without keys', { [alg]: 'RSA-OAEP-256', [enc]: 'A256GCM' }, /^jwks: needs a key/],
    [
      'alg with keys of another type',
      { [alg]: 'RSA-OAEP-256', [enc]: 'A256GCM', jwks: { keys: [ec.jwk] } },
      /^jwks: needs/,
    ],
    [
      'alg with a key for signatures',
      { [alg]: 'ECDH-ES', [enc]: 'A256GCM', jwks: { keys: [publicJwkOf(createKey('ES256'), { use: 'sig' })] } },
      /^jwks: needs a key/,
    ],
    ...['RSA1_5', 'RSA-OAEP', 'dir', 'A256KW', 'PBES2-HS256+A128KW', 'none', 'ecdh-es'].map(
      (name): [string, Record<string, unknown>, RegExp] => [
        `T-JW-07 the algorithm ${name}`,
        { [alg]: name, [enc]: 'A256GCM', jwks },
        new RegExp(`^${alg}: must be one of RSA-OAEP-256, ECDH-ES`),
      ],
    ),
    ...['A128CBC-HS256', 'A192GCM', 'none'].map((name): [string, Record<string, unknown>, RegExp] => [
      `the content encryption ${name}`,
      { [alg]: 'RSA-OAEP-256', [enc]: name, jwks },
      new RegExp(`^${enc}: must be one of A128GCM, A256GCM`),
    ]),
  ]
  describe(`OpenID Connect Registration §2 – ${alg}`, () => {
    for (const [what, members, message] of refused) {
      test(`is refused: ${what}`, async () => {
        const answer = await register(members)
        assert.equal(answer.status, 422, answer.body)
        assert.match(String(answer.json().error_description), message)
      })
    }

    test('is taken with a key that fits, or with the address of some, and shown as it is', async () => {
      const members = { [alg]: 'ECDH-ES+A128KW', [enc]: 'A128GCM' }
      for (const keys of [{ jwks: { keys: [rsa.jwk, ec.jwk] } }, { jwks_uri: 'https://client.example/jwks' }]) {
        const answer = await register({ ...members, ...keys })
        assert.equal(answer.status, 201, answer.body)
        const shown = answer.json<Record<string, unknown>>()
        assert.deepEqual([shown[alg], shown[enc]], ['ECDH-ES+A128KW', 'A128GCM'])
      }
    })
  })
}

describe('OpenID Connect Registration §2 – userinfo_signed_response_alg', () => {
  test('T-JW-02 – none and shared keys are refused', async () => {
    for (const name of ['none', 'HS256', 'ES512'])
      assert.equal((await register({ userinfo_signed_response_alg: name })).status, 422, name)
  })

  test('FAPI 2.0 §5.4.1 – RS256 is refused for a client of that profile', async () => {
    const key = publicJwkOf(createKey('ES256'), { kid: 'k1', alg: 'ES256' })
    const profile = {
      profile: 'fapi2_security',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key] },
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      id_token_signed_response_alg: 'ES256',
    }
    const answer = await register({ ...profile, userinfo_signed_response_alg: 'RS256' })
    assert.match(
      String(answer.json().error_description),
      /^userinfo_signed_response_alg: must be ES256, PS256 or EdDSA/,
    )
    assert.equal((await register({ ...profile, userinfo_signed_response_alg: 'PS256' })).status, 201)
  })
})
