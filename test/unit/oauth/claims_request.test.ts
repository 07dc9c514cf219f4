import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseClaims, scopesToAllow, wantedClaimsOf } from '../../../src/oauth/claims_request.ts'
import { userWith } from '../../support/tokens.ts'

const REGISTERED = ['openid', 'profile', 'email']
const parse = (claims: unknown, registered = REGISTERED) => parseClaims(JSON.stringify(claims), registered)

describe('OpenID Connect Core §5.5 – a claims parameter is refused', () => {
  const wrong: [string, string][] = [
    ['that is no JSON', '{'],
    ['that is a list', '[]'],
    ['that is text', '"name"'],
    ['with a member twice', '{"userinfo":{"name":null,"name":null}}'],
    ['whose userinfo is null', '{"userinfo":null}'],
    ['whose id_token is a list', '{"id_token":["name"]}'],
    ['with a claim that is true', '{"userinfo":{"name":true}}'],
    ['with a claim that is a list', '{"userinfo":{"name":[]}}'],
    ['OpenID Connect Core §5.5.1 with essential as text', '{"userinfo":{"name":{"essential":"true"}}}'],
    ['OpenID Connect Core §5.5.1 with values as text', '{"userinfo":{"name":{"values":"Alice"}}}'],
    ['with a sub that is a number', '{"id_token":{"sub":{"value":1}}}'],
  ]
  for (const [what, text] of wrong) {
    test(what, () => assert.throws(() => parseClaims(text, REGISTERED), { code: 'invalid_request' }))
  }
})

describe('OpenID Connect Core §5.5 – of what is asked for is kept', () => {
  test('nothing that the client is not registered for, and nothing that nobody knows', () => {
    const { claims } = parse({
      userinfo: {
        phone_number: null,
        roles: { essential: true },
        __proto__x: null,
        'name#de': null,
        constructor: null,
      },
      id_token: { address: null, shoe_size: { value: 40 } },
      elsewhere: { name: null },
    })
    assert.deepEqual(claims, { userinfo: {}, id_token: {} })
  })

  test('OpenID Connect Core §5.5.1 – each claim with the values it must have', () => {
    const { claims } = parse({
      userinfo: { name: null, nickname: {}, email: { essential: true, value: 'a@b.example' } },
      id_token: { locale: { values: ['de', 'fr'] }, gender: { essential: false, other: 1 } },
    })
    assert.deepEqual(claims.userinfo, { name: null, nickname: null, email: ['a@b.example'] })
    assert.deepEqual(claims.id_token, { locale: ['de', 'fr'], gender: null })
  })

  test('OpenID Connect Core §5.5.1 and §5.5.1.1 – sub and acr, which are about the sign-in', () => {
    const { subject, acr } = parse({
      id_token: { sub: { value: 'alice' }, acr: { essential: true, values: ['two', 1] } },
    })
    assert.equal(subject, 'alice')
    assert.deepEqual(acr, { isEssential: true, values: ['two'] })
    assert.equal(parse({ id_token: { acr: { essential: true } } }).acr, undefined)
    assert.equal(parse({ userinfo: { acr: { essential: true, value: 'two' } } }).acr, undefined)
  })
})

test('OpenID Connect Core §3.1.2.4 – a person allows a claim as the scope that gives it', () => {
  const { claims } = parse({ userinfo: { email: null }, id_token: { name: null, nickname: null } })
  assert.deepEqual(scopesToAllow({ scopes: ['openid'], claims }), ['openid', 'email', 'profile'])
  assert.deepEqual(scopesToAllow({ scopes: ['openid'] }), ['openid'])
})

describe('OpenID Connect Core §5.5.1 – a claim is told', () => {
  const user = userWith()

  test('not when its value is another one, it has none, or the client lost the scope', () => {
    const wanted = { name: ['Bob'], email: [], nickname: null, locale: null }
    assert.deepEqual(wantedClaimsOf(user, wanted, REGISTERED), {})
    assert.deepEqual(wantedClaimsOf(user, { email: null }, ['openid', 'profile']), {})
    assert.deepEqual(wantedClaimsOf(user, undefined, REGISTERED), {})
  })

  test('when the person has it, with one of the values', () => {
    const wanted = { name: ['Bob', 'Alice Adams'], email: null, email_verified: [true] }
    const told = { name: 'Alice Adams', email: 'alice@example.com', email_verified: true }
    assert.deepEqual(wantedClaimsOf(user, wanted, REGISTERED), told)
  })
})
