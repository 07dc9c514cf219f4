import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let metadata: Record<string, unknown>

before(async () => {
  server = await startServer()
  metadata = (await server.request('GET', '/.well-known/openid-configuration')).json()
})
after(() => server.close())

const list = (name: string): string[] => metadata[name] as string[]

/** Members that the conformance suite of the OpenID Foundation knows, as far as this server can have them. */
const KNOWN_MEMBERS = new Set([
  'backchannel_logout_session_supported',
  'backchannel_logout_supported',
  'frontchannel_logout_session_supported',
  'frontchannel_logout_supported',
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'end_session_endpoint',
  'scopes_supported',
  'response_types_supported',
  'response_modes_supported',
  'authorization_signing_alg_values_supported',
  'grant_types_supported',
  'prompt_values_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'introspection_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_signing_alg_values_supported',
  'revocation_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_signing_alg_values_supported',
  'client_attestation_signing_alg_values_supported',
  'client_attestation_pop_signing_alg_values_supported',
  'code_challenge_methods_supported',
  'claim_types_supported',
  'claims_supported',
  'claims_parameter_supported',
  'userinfo_signing_alg_values_supported',
  'introspection_signing_alg_values_supported',
  ...['id_token', 'userinfo', 'authorization', 'introspection'].flatMap((response) => [
    `${response}_encryption_alg_values_supported`,
    `${response}_encryption_enc_values_supported`,
  ]),
  'request_uri_parameter_supported',
  'require_request_uri_registration',
  'request_parameter_supported',
  'request_object_signing_alg_values_supported',
  'require_pushed_authorization_requests',
  'dpop_signing_alg_values_supported',
  'authorization_response_iss_parameter_supported',
])

test('OpenID Connect Discovery §3 – nothing is named that is not known, and nothing is empty', () => {
  for (const [name, value] of Object.entries(metadata)) {
    assert.ok(KNOWN_MEMBERS.has(name), name)
    assert.notEqual(value, null)
    if (Array.isArray(value)) {
      assert.ok(value.length > 0 && value.every((item) => typeof item === 'string' && item !== ''), name)
      assert.equal(new Set(value).size, value.length, name)
    } else assert.ok(['string', 'boolean'].includes(typeof value), name)
  }
})

test('T-PK-04 OAuth 2.1 §4.1.1 – plain is not among the PKCE methods, nor implicit among the response types', () => {
  assert.deepEqual(list('code_challenge_methods_supported'), ['S256'])
  assert.deepEqual(list('response_types_supported'), ['code'])
  for (const grantType of ['implicit', 'password'])
    assert.equal(list('grant_types_supported').includes(grantType), false)
})

test('RFC 8725 §3.2 – none is no signature algorithm, and a secret signs nothing but client assertions', () => {
  for (const name of Object.keys(metadata).filter((member) => member.includes('signing_alg'))) {
    assert.equal(list(name).includes('none'), false, name)
    const macs = list(name).filter((alg) => alg.startsWith('HS'))
    assert.deepEqual(macs, name.endsWith('_auth_signing_alg_values_supported') ? ['HS256'] : [], name)
  }
})

test('OpenID Connect Discovery §3 – what is required is there', () => {
  for (const name of [
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'userinfo_endpoint',
    'jwks_uri',
    'scopes_supported',
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
    'claims_supported',
  ]) {
    assert.ok(name in metadata, name)
  }
  assert.ok(list('id_token_signing_alg_values_supported').includes('RS256'))
  assert.ok(list('scopes_supported').includes('openid'))
  assert.deepEqual(list('grant_types_supported').sort(), ['authorization_code', 'client_credentials', 'refresh_token'])
  assert.deepEqual(list('token_endpoint_auth_methods_supported').sort(), [
    'attest_jwt_client_auth',
    'client_secret_basic',
    'client_secret_jwt',
    'client_secret_post',
    'none',
    'private_key_jwt',
  ])
})

test('RFC 9207 §3, OpenID Connect Discovery §3 – flags are said, also those that are off', () => {
  assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  assert.equal(metadata.request_parameter_supported, true)
  assert.equal(metadata.request_uri_parameter_supported, true)
  assert.equal(metadata.require_request_uri_registration, true)
  assert.equal(metadata.claims_parameter_supported, true)
})

test('N-21-03 RFC 8414 §2 – every address is https', () => {
  for (const [name, value] of Object.entries(metadata)) {
    if (name.endsWith('_endpoint') || name.endsWith('_uri') || name === 'issuer')
      assert.match(String(value), /^https:\/\//)
  }
})
