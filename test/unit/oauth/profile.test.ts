import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import { clientCreationSchema } from '../../../src/oauth/client_registration.ts'
import { buildMetadata } from '../../../src/oauth/metadata.ts'
import { allowsAlg, type Profile, profileOf, profileProblem } from '../../../src/oauth/profile.ts'
import { metadataWith } from '../../support/authorization.ts'
import { createKey, publicJwkOf } from '../../support/tokens.ts'

const jwks = { keys: [publicJwkOf(createKey('ES256'), { kid: 'k1', alg: 'ES256', use: 'sig' })] }

const right: Partial<ClientMetadata> = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks,
  dpop_bound_access_tokens: true,
  require_pushed_authorization_requests: true,
  id_token_signed_response_alg: 'ES256',
}

const problemOf = (profile: Profile, changes: Partial<ClientMetadata> = {}): string | undefined =>
  profileProblem(profile, metadataWith({ ...right, ...changes }))?.[0]

describe('FAPI 2.0 §5.3.2.1, §5.3.2.2 and §5.4.1 – a client is refused', () => {
  const wrong: [string, keyof ClientMetadata, Partial<ClientMetadata>][] = [
    ['that is public', 'token_endpoint_auth_method', { token_endpoint_auth_method: 'none' }],
    ['with a secret', 'token_endpoint_auth_method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['with an audience of the old kind', 'allow_token_endpoint_audience', { allow_token_endpoint_audience: true }],
    ['whose tokens are for any bearer', 'dpop_bound_access_tokens', { dpop_bound_access_tokens: false }],
    [
      'that does not push its requests',
      'require_pushed_authorization_requests',
      { require_pushed_authorization_requests: false },
    ],
    ['without PKCE', 'require_pkce', { require_pkce: false }],
    ['with ID tokens by RS256', 'id_token_signed_response_alg', { id_token_signed_response_alg: 'RS256' }],
    ['with assertions by RS256', 'token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'RS256' }],
    ['with requests by RS256', 'request_object_signing_alg', { request_object_signing_alg: 'RS256' }],
    ['with answers by RS256', 'authorization_signed_response_alg', { authorization_signed_response_alg: 'RS256' }],
  ]
  for (const [what, member, changes] of wrong) {
    test(what, () => {
      assert.equal(problemOf('fapi2_security', changes), member)
      assert.equal(problemOf('fapi2_message_signing', { require_signed_request_object: true, ...changes }), member)
      assert.equal(problemOf('oauth2_1', changes), undefined)
    })
  }

  test('FAPI 2.0 Message Signing §5.3.1 – that does not sign its requests', () => {
    assert.equal(problemOf('fapi2_message_signing'), 'require_signed_request_object')
  })

  test('RFC 7591 §3.2.2 – at registration, where the member is named', () => {
    const body = { redirect_uris: ['https://app.example/cb'], profile: 'fapi2_security' }
    const parsed = clientCreationSchema.safeParse(body)
    assert.deepEqual(parsed.error?.issues[0]?.path, ['token_endpoint_auth_method'])
    assert.ok(clientCreationSchema.safeParse({ ...body, ...right }).success)
  })
})

describe('FAPI 2.0 §5.3.2.1 – a client is taken', () => {
  test('that keeps all rules, by DPoP or by certificates', () => {
    const byCertificate: Partial<ClientMetadata> = {
      token_endpoint_auth_method: 'tls_client_auth',
      dpop_bound_access_tokens: false,
      tls_client_certificate_bound_access_tokens: true,
    }
    assert.equal(problemOf('fapi2_security'), undefined)
    assert.equal(problemOf('fapi2_security', byCertificate), undefined)
    assert.equal(problemOf('fapi2_message_signing', { require_signed_request_object: true }), undefined)
  })

  test('that acts for itself, without requests to push or to sign', () => {
    const machine: Partial<ClientMetadata> = {
      grant_types: ['client_credentials'],
      require_pushed_authorization_requests: false,
    }
    assert.equal(problemOf('fapi2_message_signing', machine), undefined)
  })
})

test('FAPI 2.0 §5.3.2.1 – the stronger profile of realm and client counts', () => {
  const client = (profile: Profile): ClientMetadata => metadataWith({ profile })
  assert.equal(profileOf({}, client('oauth2_1')), 'oauth2_1')
  assert.equal(profileOf({}, client('fapi2_security')), 'fapi2_security')
  assert.equal(profileOf({ profile: 'fapi2_message_signing' }, client('fapi2_security')), 'fapi2_message_signing')
  assert.equal(profileOf({ profile: 'fapi2_security' }, client('fapi2_message_signing')), 'fapi2_message_signing')
})

test('FAPI 2.0 §5.4.1 – RS256 is for other clients', () => {
  assert.equal(allowsAlg('fapi2_security', 'RS256'), false)
  assert.equal(allowsAlg('oauth2_1', 'RS256'), true)
  for (const alg of ['ES256', 'PS256', 'EdDSA'] as const) assert.ok(allowsAlg('fapi2_message_signing', alg))
})

test('RFC 8414 §2 – a realm with a profile does not name what the profile leaves out', () => {
  const metadata = buildMetadata({
    issuer: 'https://sso.example',
    paths: new Set(['/token']),
    grantTypes: ['authorization_code'],
    authMethods: ['none', 'client_secret_basic', 'private_key_jwt', 'tls_client_auth'],
    takesCertificates: true,
    scopes: [],
    profile: 'fapi2_message_signing',
  })
  assert.deepEqual(metadata.token_endpoint_auth_methods_supported, ['private_key_jwt', 'tls_client_auth'])
  assert.equal(metadata.require_pushed_authorization_requests, true)
  assert.equal(metadata.require_signed_request_object, true)
  for (const [name, value] of Object.entries(metadata))
    if (name.includes('signing_alg')) assert.deepEqual(value, ['ES256', 'PS256', 'EdDSA'], name)
})
