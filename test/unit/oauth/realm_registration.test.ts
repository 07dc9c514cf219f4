/** What is taken of a realm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realmCreationSchema, realmUpdateSchema, toRealmSettings } from '../../../src/oauth/realm_registration.ts'

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
}))
  test(`${name} is refused`, () => {
    assert.equal(isTaken(body), false)
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
