import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acrOf, acrValuesOf, reachedAcrs } from '../../../src/oauth/acr.ts'

const named = { acr_params: { one_factor: 'one', two_factors: 'two' } }

test('OpenID Connect Core §2 – a realm without names for it says nothing, whatever is asked for', () => {
  assert.deepEqual(acrValuesOf({}), [])
  assert.deepEqual(reachedAcrs({}, ['pwd', 'otp', 'mfa']), [])
  assert.equal(acrOf({}, ['mfa'], { isEssential: false, values: ['two'] }), undefined)
})

test('RFC 8176 §2 – a password is one factor, and with a code it is two, which is one as well', () => {
  assert.deepEqual(reachedAcrs(named, ['pwd']), ['one'])
  assert.deepEqual(reachedAcrs(named, ['pwd', 'otp']), ['one'])
  assert.deepEqual(reachedAcrs(named, ['pwd', 'otp', 'mfa']), ['two', 'one'])
})

test('OpenID Connect Core §3.1.2.1 – of what was reached the one that the client prefers', () => {
  const ask = (values: string[], amr: string[]) => acrOf(named, amr, { isEssential: false, values })
  assert.equal(ask(['two'], ['pwd']), 'one')
  assert.equal(ask(['other'], ['mfa']), 'two')
  assert.equal(ask(['one', 'two'], ['mfa']), 'one')
  assert.equal(ask(['two', 'one'], ['mfa']), 'two')
  assert.equal(acrOf(named, ['mfa'], undefined), 'two')
})
