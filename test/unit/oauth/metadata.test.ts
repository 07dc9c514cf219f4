import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildMetadata, type Capabilities } from '../../../src/oauth/metadata.ts'

const capabilities: Capabilities = {
  issuer: 'https://sso.example/realms/shop',
  paths: new Set(['/authorize', '/token', '/jwks.json', '/admin/realm']),
  grantTypes: ['authorization_code'],
  authMethods: ['none', 'client_secret_basic'],
  scopes: ['reports', 'openid', 'not a scope'],
}

test('RFC 8414 §2 – an endpoint that the server does not have is not named', () => {
  const metadata = buildMetadata(capabilities)
  for (const name of ['userinfo_endpoint', 'introspection_endpoint', 'registration_endpoint', 'end_session_endpoint']) {
    assert.equal(name in metadata, false, name)
  }
})

test('RFC 8414 §2 – algorithms are named only where a method signs', () => {
  const name = 'token_endpoint_auth_signing_alg_values_supported'
  assert.equal(name in buildMetadata(capabilities), false)
  assert.ok(name in buildMetadata({ ...capabilities, authMethods: ['private_key_jwt'] }))
})

test('T-JW-08 RFC 8414 §2 – HS256 is named only where secrets can be kept for it, and never with a profile', () => {
  const name = 'token_endpoint_auth_signing_alg_values_supported'
  const authMethods = ['client_secret_jwt', 'private_key_jwt']
  const without = buildMetadata({ ...capabilities, authMethods })
  assert.deepEqual(without.token_endpoint_auth_methods_supported, ['private_key_jwt'])
  assert.equal((without[name] as string[]).includes('HS256'), false)
  const sealing = { ...capabilities, authMethods, sealsSecrets: true }
  assert.deepEqual(buildMetadata(sealing).token_endpoint_auth_methods_supported, authMethods)
  assert.ok((buildMetadata(sealing)[name] as string[]).includes('HS256'))
  assert.deepEqual(buildMetadata({ ...sealing, authMethods: ['client_secret_jwt'] })[name], ['HS256'])
  for (const profile of ['fapi2_security', 'fapi2_message_signing'] as const) {
    const strict = buildMetadata({ ...sealing, profile })
    assert.deepEqual(strict.token_endpoint_auth_methods_supported, ['private_key_jwt'])
    assert.deepEqual(strict[name], ['ES256', 'PS256', 'EdDSA'])
  }
})

test('RFC 7662 §2.1 – a public client is no method of introspection', () => {
  assert.deepEqual(buildMetadata(capabilities).introspection_endpoint_auth_methods_supported, ['client_secret_basic'])
})

test('OpenID Connect Discovery §3 – scopes are named once, and malformed ones not at all', () => {
  const scopes = buildMetadata(capabilities).scopes_supported as string[]
  assert.equal(scopes.filter((scope) => scope === 'openid').length, 1)
  assert.ok(scopes.includes('reports'))
  assert.equal(scopes.includes('not a scope'), false)
})

test('OpenID Connect Discovery §3 – where requests have to be pushed, it is said that none is fetched', () => {
  for (const profile of ['fapi2_security', 'fapi2_message_signing'] as const) {
    const metadata = buildMetadata({ ...capabilities, profile })
    assert.equal(metadata.request_uri_parameter_supported, false)
    assert.equal('require_request_uri_registration' in metadata, false)
  }
  const metadata = buildMetadata(capabilities)
  assert.equal(metadata.request_uri_parameter_supported, true)
  assert.equal(metadata.require_request_uri_registration, true)
})

test('RFC 9396 §10 – types of details are named where the realm has any', () => {
  const name = 'authorization_details_types_supported'
  assert.equal(name in buildMetadata(capabilities), false)
  assert.equal(name in buildMetadata({ ...capabilities, authorizationDetailsTypes: [] }), false)
  assert.deepEqual(buildMetadata({ ...capabilities, authorizationDetailsTypes: ['payment'] })[name], ['payment'])
})

test('RFC 8414 §2 – endpoints are below the issuer', () => {
  const metadata = buildMetadata(capabilities)
  assert.equal(metadata.issuer, capabilities.issuer)
  assert.equal(metadata.token_endpoint, 'https://sso.example/realms/shop/token')
  assert.equal(metadata.jwks_uri, 'https://sso.example/realms/shop/jwks.json')
})

test('RFC 8705 §3.3 §5 – where no port asks for certificates, nothing is said of them', () => {
  const authMethods = ['client_secret_basic', 'tls_client_auth', 'self_signed_tls_client_auth']
  const without = buildMetadata({ ...capabilities, authMethods })
  assert.deepEqual(without.token_endpoint_auth_methods_supported, ['client_secret_basic'])
  assert.equal('tls_client_certificate_bound_access_tokens' in without, false)
  assert.equal('mtls_endpoint_aliases' in without, false)
  const on = buildMetadata({ ...capabilities, authMethods, takesCertificates: true })
  assert.deepEqual(on.token_endpoint_auth_methods_supported, authMethods)
  assert.equal('mtls_endpoint_aliases' in on, false)
})

test('RFC 8705 §5 – the aliases are endpoints that the document names, and none that a browser goes to', () => {
  const certificateIssuer = 'https://sso.example:8444/realms/shop'
  const metadata = buildMetadata({ ...capabilities, takesCertificates: true, certificateIssuer })
  const aliases = metadata.mtls_endpoint_aliases as Record<string, string>
  assert.equal(aliases.token_endpoint, `${certificateIssuer}/token`)
  for (const name of Object.keys(aliases)) assert.ok(name in metadata, name)
  for (const name of ['authorization_endpoint', 'end_session_endpoint', 'jwks_uri'])
    assert.equal(name in aliases, false)
})
