/** What is taken of a realm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  realmCreationSchema,
  realmUpdateSchema,
  toRealmSettings,
  withoutSecrets,
} from '../../../src/oauth/realm_registration.ts'

const isTaken = (body: Record<string, unknown>): boolean => realmCreationSchema.safeParse({ id: 'r', ...body }).success

const provider = { jwt_issuer_uri: 'https://idp.example', jwks_uri: 'https://idp.example/jwks' }

for (const [name, body] of Object.entries({
  'an id with a slash': { id: 'a/b' },
  'an id that leaves its folder': { id: '..' },
  'an empty id': { id: '' },
  'an id with a line break': { id: 'a\n' },
  'an id of 65 characters': { id: 'x'.repeat(65) },
  'an unknown method': { auth_params: { magic_link_params: {} } },
  'an unknown member of a method': { auth_params: { username_password_params: { minimum: 1 } } },
  'sessions without an end': { session_max_age_seconds: 0 },
  'T-IN-07 sessions of half a second': { session_max_age_seconds: 0.5 },
  'T-IN-07 sessions longer than a century': { session_max_age_seconds: 2 ** 40 },
  'an identity provider without TLS': {
    auth_params: { jwt_params: { idp_params: [{ ...provider, jwks_uri: 'http://idp.example/jwks' }] } },
  },
  'T-AD-09 an identity provider in a file': {
    auth_params: { jwt_params: { idp_params: [{ ...provider, jwks_uri: 'file:///etc/passwd' }] } },
  },
  'an issuer twice': { auth_params: { jwt_params: { idp_params: [provider, provider] } } },
  'no identity provider': { auth_params: { jwt_params: { idp_params: [] } } },
  'a weak hash for codes': { auth_params: { totp_params: { algorithm: 'MD5' } } },
  'RFC 6749 §3.3 – a scope with a space': { scopes: [{ name: 'two words' }] },
  'a standard scope made anew': { scopes: [{ name: 'openid' }] },
  'a scope twice': { scopes: [{ name: 'a' }, { name: 'a', description: 'again' }] },
  'T-AD-05 a version': { version: 7 },
  'OpenID Connect Core §2 – an acr for one factor alone': { acr_params: { one_factor: 'one' } },
  'OpenID Connect Core §2 – one acr for both': { acr_params: { one_factor: 'one', two_factors: 'one' } },
  'OpenID Connect Core §3.1.2.1 – an acr with a space': {
    acr_params: { one_factor: 'one', two_factors: 'two factors' },
  },
  'an unknown profile': { profile: 'fapi1_advanced' },
}))
  test(`${name} is refused`, () => {
    assert.equal(isTaken(body), false)
  })

test('OpenID Connect Core §2 – a realm may name its sign-ins, and have a profile', () => {
  const named = { acr_params: { one_factor: 'urn:one', two_factors: 'urn:two' }, profile: 'fapi2_security' }
  const { acr_params, profile } = toRealmSettings(realmUpdateSchema.parse(named))
  assert.deepEqual({ acr_params, profile }, named)
})

test('a method that is absent is off, and every method has its defaults', () => {
  const body = realmUpdateSchema.parse({
    id: 'whatever the path says',
    auth_params: {
      jwt_params: { idp_params: [provider] },
      totp_params: { algorithm: 'SHA1' },
      username_password_params: {},
    },
  })
  assert.deepEqual(toRealmSettings(body), {
    auth_params: {
      jwt_params: { idp_params: [provider], smallest_refresh_interval_seconds: 60 },
      totp_params: { algorithm: 'SHA1', step: 30 },
      username_password_params: { allow_expired_passwords: false },
    },
    session_max_age_seconds: 28_800,
    session_max_stale_age_seconds: 3_600,
    scopes: [],
  })
})

const upstream = {
  ...provider,
  name: 'Example',
  client_id: 'shop',
  client_secret: 'a secret of ours',
  authorization_endpoint: 'https://idp.example/authorize?tenant=1',
  token_endpoint: 'https://idp.example/token',
  token_endpoint_auth_method: 'client_secret_post',
  scope: 'openid email',
}

const isProviderTaken = (changes: Record<string, unknown>): boolean =>
  isTaken({ auth_params: { jwt_params: { idp_params: [{ ...upstream, ...changes }] } } })

for (const [name, changes] of Object.entries({
  'no client_id': { client_id: undefined },
  'no authorization_endpoint': { authorization_endpoint: undefined },
  'no token_endpoint': { token_endpoint: undefined },
  'an authorization_endpoint without TLS': { authorization_endpoint: 'http://idp.example/authorize' },
  'T-SS-06 a token_endpoint without TLS': { token_endpoint: 'http://idp.example/token' },
  'a script as authorization_endpoint': { authorization_endpoint: 'javascript:alert(1)' },
  'RFC 6749 §3.1 – an authorization_endpoint with a fragment': { authorization_endpoint: 'https://idp.example/a#b' },
  'RFC 6749 §3.2 – a token_endpoint with a fragment': { token_endpoint: 'https://idp.example/t#' },
  'an empty name': { name: '' },
  'a name that turns around': { name: 'a\u202eb' },
  'a name of 65 characters': { name: 'x'.repeat(65) },
  'RFC 6749 Appendix A – a client_id with a line break': { client_id: 'a\nb' },
  'RFC 6749 Appendix A – a client_secret in Greek': { client_secret: 'μυστικό' },
  'an empty client_secret': { client_secret: '' },
  'a client_secret with the method none': { token_endpoint_auth_method: 'none' },
  'an unknown method': { token_endpoint_auth_method: 'private_key_jwt' },
  'OpenID Connect Core §3.1.2.1 – a scope without openid': { scope: 'email' },
  'RFC 6749 §3.3 – a scope with two spaces': { scope: 'openid  email' },
  'a scope twice': { scope: 'openid openid' },
  'the stored form of a secret': { sealed_client_secret: 'v1.x.y.z' },
  'an unknown member': { response_mode: 'form_post' },
}))
  test(`sign-in at a provider: ${name} is refused`, () => {
    assert.equal(isProviderTaken(changes), false)
  })

test('sign-in at a provider: its members are kept, and the secret only as whoever keeps it says', () => {
  const { client_secret: _secret, ...shown } = upstream
  assert.equal(isTaken({ auth_params: { jwt_params: { idp_params: [{ ...provider, client_secret: 'x' }] } } }), false)
  assert.equal(isProviderTaken({ client_secret: undefined, token_endpoint_auth_method: 'none' }), true)
  assert.equal(isProviderTaken({ name: undefined, scope: undefined, token_endpoint_auth_method: undefined }), true)
  const body = realmUpdateSchema.parse({
    auth_params: { jwt_params: { idp_params: [upstream, { ...provider, jwt_issuer_uri: 'https://b.example' }] } },
  })
  const idpsOf = (settings: ReturnType<typeof toRealmSettings>) => settings.auth_params.jwt_params?.idp_params
  assert.doesNotMatch(JSON.stringify(toRealmSettings(body)), /secret of ours/)
  const settings = toRealmSettings(body, ({ client_secret: secret }) => secret && `sealed ${secret.length}`)
  const bare = { ...provider, jwt_issuer_uri: 'https://b.example' }
  assert.deepEqual(idpsOf(settings), [{ ...shown, sealed_client_secret: 'sealed 16' }, bare])
  assert.deepEqual(idpsOf(withoutSecrets(settings)), [shown, bare])
  const closed = toRealmSettings(realmUpdateSchema.parse({}))
  assert.deepEqual(withoutSecrets(closed), closed)
})
