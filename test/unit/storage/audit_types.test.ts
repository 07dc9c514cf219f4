import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AUDIT_EVENT_TYPES } from '../../../src/storage/audit_events.ts'

test('the document of the audit lists every type of event, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/audit.md'), 'utf8')
  const documented = [...text.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, type]) => type)
  assert.deepEqual(documented, [...AUDIT_EVENT_TYPES])
})
