import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDuplicateKey, isOrphan } from '../../../src/storage/database.ts'
import { meaningOf, toStoreError } from '../../../src/storage/failures.ts'
import { StoreUnavailable } from '../../../src/storage/store_unavailable.ts'

const failure = (members: Record<string, unknown>, message = 'x'): Error => Object.assign(new Error(message), members)

test('an engine that cannot answer is StoreUnavailable with its cause, anything else stays as it is', () => {
  const away = [
    failure({ code: 'ECONNREFUSED', errno: -111 }),
    failure({ code: '08006' }),
    failure({ code: '57P01' }),
    failure({ code: '53300' }),
    failure({ code: '25006' }),
    failure({ code: 'ER_CON_COUNT_ERROR', errno: 1040 }),
    failure({ code: 'ER_OPTION_PREVENTS_STATEMENT', errno: 1290 }),
    failure({ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }),
    failure({ fatal: true }, `Can't add new command when connection is in closed state`),
    failure({ code: 'SQLITE_FULL' }),
    failure({ code: 'SQLITE_IOERR_WRITE' }),
    failure({ code: 'SQLITE_READONLY_DBMOVED' }),
    failure({}, 'Connection terminated unexpectedly'),
  ]
  for (const cause of away) {
    const error = toStoreError(cause)
    assert.ok(error instanceof StoreUnavailable, cause.message)
    assert.equal(error.cause, cause)
  }
  for (const bug of [
    failure({ code: '42601' }),
    failure({ code: 'ER_PARSE_ERROR', errno: 1064 }),
    failure({}),
    'text',
    undefined,
  ])
    assert.equal(toStoreError(bug), bug)
})

test('what another caller spoilt can be tried again', () => {
  for (const code of ['40001', '40P01', 'SQLITE_BUSY_SNAPSHOT'])
    assert.equal(meaningOf(failure({ code })), 'repeatable')
  for (const errno of [1205, 1213]) assert.equal(meaningOf(failure({ code: 'ER_X', errno })), 'repeatable')
})

test('only a primary key or unique index makes a duplicate, no other constraint', () => {
  assert.ok(isDuplicateKey(failure({ code: '23505' })))
  assert.ok(isDuplicateKey(failure({ code: 'ER_DUP_ENTRY', errno: 1062 })))
  assert.ok(isDuplicateKey(failure({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })))
  assert.ok(!isDuplicateKey(failure({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })))
  assert.ok(!isDuplicateKey(failure({ code: '23503' })))
  assert.ok(!isDuplicateKey(undefined))
})

test('a foreign key tells that what the row belongs to is gone, and nothing else does', () => {
  assert.ok(isOrphan(failure({ code: '23503' })))
  assert.ok(isOrphan(failure({ code: 'ER_NO_REFERENCED_ROW_2', errno: 1452 })))
  assert.ok(isOrphan(failure({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })))
  assert.ok(!isOrphan(failure({ code: '23505' })))
  assert.ok(!isOrphan(failure({ code: 'SQLITE_CONSTRAINT_NOTNULL' })))
})
