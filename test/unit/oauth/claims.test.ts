import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLAIMS_SUPPORTED, type ClaimsSource, claimsOf } from '../../../src/oauth/claims.ts'

const alice: ClaimsSource = {
  username: 'alice',
  claims: {
    name: 'Alice Adams',
    given_name: 'Alice',
    nickname: '',
    website: null,
    email: 'alice@example.com',
    phone_number: '+44 20 7946 0000',
    phone_number_verified: true,
    address: { country: 'GB' },
    shoe_size: 38,
  },
  roles: ['clerk'],
  groups: [],
  updatedAt: 1_767_225_600_999,
}

test('OpenID Connect Core §5.4 – openid alone gives nothing', () => {
  assert.deepEqual(claimsOf(alice, ['openid', 'offline_access']), {})
})

test('OpenID Connect Core §5.3.2 – claims without a value, and those nobody defined, are left out', () => {
  const claims = claimsOf(alice, ['openid', 'profile', 'email', 'phone', 'address', 'roles'])
  for (const name of ['nickname', 'website', 'shoe_size', 'groups', 'middle_name'])
    assert.equal(name in claims, false, name)
})

test('OpenID Connect Core §5.4 – email does not give the name, nor profile the email', () => {
  assert.deepEqual(claimsOf(alice, ['email']), { email: 'alice@example.com', email_verified: false })
  assert.equal('email' in claimsOf(alice, ['profile']), false)
})

test('OpenID Connect Core §5.1 – what is not there is not verified either', () => {
  assert.deepEqual(claimsOf({ ...alice, claims: { email_verified: true } }, ['email']), {})
  assert.equal(
    claimsOf({ ...alice, claims: { email: 'a@b.example', email_verified: 'yes' } }, ['email']).email_verified,
    false,
  )
})

test('OpenID Connect Core §5.1 – no claim of the user is a subject', () => {
  assert.equal('sub' in claimsOf({ ...alice, claims: { sub: 'mallory' } }, ['openid', 'profile']), false)
})

test('OpenID Connect Core §5.4 – each scope gives its claims', () => {
  assert.deepEqual(claimsOf(alice, ['profile']), {
    name: 'Alice Adams',
    given_name: 'Alice',
    preferred_username: 'alice',
    updated_at: 1_767_225_600,
  })
  assert.deepEqual(claimsOf(alice, ['phone', 'address', 'roles']), {
    address: { country: 'GB' },
    phone_number: '+44 20 7946 0000',
    phone_number_verified: true,
    roles: ['clerk'],
  })
})

test('OpenID Connect Discovery §3 – claims_supported names every claim that a scope gives', () => {
  for (const name of Object.keys(claimsOf(alice, ['profile', 'email', 'phone', 'address', 'roles']))) {
    assert.ok(CLAIMS_SUPPORTED.includes(name), name)
  }
  assert.equal(new Set(CLAIMS_SUPPORTED).size, CLAIMS_SUPPORTED.length)
})
