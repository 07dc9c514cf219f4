/** What the roles of the administrators' realm give. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rightsOf } from '../../../src/authentication/administrators.ts'

test('T-AD-03 a role for the administrators realm itself gives nothing', () => {
  assert.deepEqual(rightsOf(['realm_administrator:_']), { isSuper: false, realms: [] })
})

test('roles that only look like an administrator role give nothing', () => {
  const roles = ['Super_Administrator', 'super_administrator ', 'realm_administrator', 'x realm_administrator:a']
  assert.deepEqual(rightsOf(roles), { isSuper: false, realms: [] })
})

test('a realm administrator has the realms of their roles', () => {
  assert.deepEqual(rightsOf(['realm_administrator:a', 'auditor', 'realm_administrator:b']), {
    isSuper: false,
    realms: ['a', 'b'],
  })
  assert.equal(rightsOf(['super_administrator']).isSuper, true)
})
