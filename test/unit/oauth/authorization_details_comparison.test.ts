import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addDetails, areWithin } from '../../../src/oauth/authorization_details_comparison.ts'
import { ACCOUNTS, PAYMENT } from '../../support/rich_authorization.ts'

const OF_ACCOUNTS = { ...ACCOUNTS, accounts: ['DE1', 'DE2'] }

describe('RFC 9396 §6.1 – is not within what was allowed', () => {
  const wrong: [string, object][] = [
    ['another type', { ...PAYMENT, type: 'other' }],
    ['another value', { ...PAYMENT, creditor_name: 'Merchant B' }],
    ['another value in an object', { ...PAYMENT, instructed_amount: { amount: '9000.00', currency: 'EUR' } }],
    ['one more member', { ...PAYMENT, urgent: true }],
    ['one more action', { ...ACCOUNTS, actions: ['list', 'balance', 'transactions'] }],
    ['a detail without the member that bounded it', { type: ACCOUNTS.type }],
    ['another member in its place', { type: ACCOUNTS.type, identifier: 'x' }],
    ['a shorter list that may as well be one of exceptions', { ...OF_ACCOUNTS, accounts: ['DE1'] }],
  ]
  for (const [what, detail] of wrong) {
    test(what, () => assert.equal(areWithin([detail as typeof PAYMENT], [PAYMENT, ACCOUNTS, OF_ACCOUNTS]), false))
  }

  test('anything, where nothing was allowed, and one of two', () => {
    assert.equal(areWithin([PAYMENT], []), false)
    assert.equal(areWithin([ACCOUNTS, PAYMENT], [ACCOUNTS]), false)
  })
})

describe('RFC 9396 §6.1 – is within what was allowed', () => {
  test('the same, in another order of its members', () => {
    const turned = {
      creditor_name: PAYMENT.creditor_name,
      instructed_amount: { currency: 'EUR', amount: '123.50' },
      type: PAYMENT.type,
    }
    assert.ok(areWithin([turned, ACCOUNTS], [ACCOUNTS, PAYMENT]))
  })

  test('fewer of the actions', () => {
    assert.ok(areWithin([{ ...ACCOUNTS, actions: ['balance'] }], [ACCOUNTS]))
    assert.ok(areWithin([{ ...ACCOUNTS, actions: ['balance', 'list'] }], [ACCOUNTS]))
  })

  test('nothing at all', () => assert.ok(areWithin([], [])))
})

describe('RFC 9396 §6.1 – what is remembered', () => {
  test('takes the place of what it includes, and keeps the rest', () => {
    const less = { ...ACCOUNTS, actions: ['list'] }
    assert.deepEqual(addDetails([less, PAYMENT], [ACCOUNTS]), [PAYMENT, ACCOUNTS])
  })

  test('is bounded: the oldest makes room', () => {
    const of = (n: number) => ({ ...ACCOUNTS, identifier: String(n) })
    const many = Array.from({ length: 50 }, (_, n) => of(n))
    const after = addDetails(many, [of(50)])
    assert.equal(after.length, 50)
    assert.deepEqual([after[0], after.at(-1)], [of(1), of(50)])
  })
})
