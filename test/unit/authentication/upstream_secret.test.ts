/** The secret at an identity provider: sealed, and for one purpose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealSecret, openSecret } from '../../../src/authentication/upstream_secret.ts'
import { createSealing } from '../../../src/keys/sealing.ts'
import type { JwtIdentityProvider } from '../../../src/oauth/realm_settings.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { settingsWith } from '../../support/authorization.ts'

const SECRET = 'the secret of the shop'

const sealing = createSealing({
  config: { secrets_params: { encryption_key: systemRandom.secret() } },
  random: systemRandom,
})

const provider = {
  jwt_issuer_uri: 'https://idp.example',
  jwks_uri: 'https://idp.example/keys',
  client_id: 'shop',
  authorization_endpoint: 'https://idp.example/authorize',
  token_endpoint: 'https://idp.example/token',
}

const seal = createSealSecret(sealing, 'main', undefined)

const sealed = (): JwtIdentityProvider & { sealed_client_secret: string } => {
  const text = seal({ ...provider, client_secret: SECRET })
  assert.ok(text)
  return { ...provider, sealed_client_secret: text }
}

const settingsOf = (idp: JwtIdentityProvider) =>
  settingsWith({ auth_params: { jwt_params: { idp_params: [idp], smallest_refresh_interval_seconds: 60 } } })

const moved = [
  { token_endpoint: 'https://evil.example/token' },
  { client_id: 'other' },
  { jwt_issuer_uri: 'https://evil.example' },
]

test('T-SS-06 – a secret that is not given again goes to no other endpoint, client or issuer', () => {
  const before = sealed()
  const keep = createSealSecret(sealing, 'main', settingsOf(before))
  for (const change of moved) {
    assert.equal(keep({ ...provider, ...change }), undefined)
    // Not even by who can write to the database.
    assert.throws(() => openSecret(sealing, 'main', { ...before, ...change }), { code: 'temporarily_unavailable' })
  }
  assert.throws(() => openSecret(sealing, 'other', before), { code: 'temporarily_unavailable' })
  assert.equal(keep({ ...provider, token_endpoint_auth_method: 'none' }), undefined)
})

test('without a key there is nothing to keep a secret in', () => {
  const none = createSealing({ config: { secrets_params: {} }, random: systemRandom })
  assert.throws(() => createSealSecret(none, 'main', undefined)({ ...provider, client_secret: SECRET }), {
    code: 'unprocessable',
  })
  assert.throws(() => openSecret(none, 'main', sealed()), { code: 'temporarily_unavailable' })
  assert.equal(createSealSecret(none, 'main', undefined)(provider), undefined)
})

test('a secret is opened for what it was given for, and kept through an update of everything else', () => {
  const before = sealed()
  assert.doesNotMatch(JSON.stringify(before), /secret of the shop/)
  assert.equal(openSecret(sealing, 'main', before), SECRET)
  assert.equal(openSecret(sealing, 'main', provider), undefined)
  const keep = createSealSecret(sealing, 'main', settingsOf(before))
  const kept = keep({ ...provider, name: 'Another name', jwks_uri: 'https://idp.example/other', scope: 'openid' })
  assert.equal(kept, before.sealed_client_secret)
  const replaced = keep({ ...provider, client_secret: 'another one' })
  assert.ok(replaced)
  assert.equal(openSecret(sealing, 'main', { ...provider, sealed_client_secret: replaced }), 'another one')
})
