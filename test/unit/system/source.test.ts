import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceOf } from '../../../src/system/source.ts'

test('T-IS-04 an address that cannot be read is one source', () => {
  assert.equal(sourceOf(''), 'unknown')
  assert.equal(sourceOf('fe80::1%eth0x'), sourceOf('fe80::2'))
  assert.equal(sourceOf('::ffff:192.0.2.1'), '192.0.2.1')
})
